import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {AudioError} from '../../src/audio/audio-error.js';
import {errorSentence} from '../../src/cli/sentence.js';
import {EngineError} from '../../src/engine/protocol.js';
import {hostileTexts} from '../session/hostile-text.js';

function caught(action: () => void): unknown {
	try {
		action();
	} catch (error) {
		return error;
	}
	throw new Error('Nothing was thrown.');
}

const says = (title: string, error: unknown, sentence: string) =>
	test(title, () => assert.equal(errorSentence(error), sentence));

says('an audio error says its message', new AudioError('empty', 'a.wav is empty.'), 'a.wav is empty.');
says('an engine error says its message', new EngineError('failed', 'The engine stopped.'), 'The engine stopped.');
says(
	'a system error says what was tried and why it failed',
	caught(() => readFileSync('/no/such')),
	'Cannot open /no/such: no such file or folder.',
);
says(
	'an unexpected error says how to find out more',
	new TypeError('x is not a function'),
	'Something went wrong that should not have (TypeError: x is not a function): PI_CAPTION_DEBUG=1 shows where.',
);
says(
	'whatever was thrown becomes a sentence',
	'text',
	'Something went wrong that should not have (text): PI_CAPTION_DEBUG=1 shows where.',
);

test('a message with hostile text is one safe line of bounded length', () => {
	for (const text of hostileTexts) {
		const sentence = errorSentence(new AudioError('corrupt', `ffmpeg said: ${text}`));
		assert.doesNotMatch(sentence, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
		assert.ok(sentence.length <= 501);
	}
});

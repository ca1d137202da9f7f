import assert from 'node:assert/strict';
import {test} from 'node:test';
import {textWidth, wrapText} from '../../src/session/wrap-text.js';
import {hostileTexts} from './hostile-text.js';

const wraps = (title: string, text: string, width: number, expected: string[]) =>
	test(title, () => assert.deepEqual(wrapText(text, width), expected));

wraps('text that fits is one line', 'one two', 7, ['one two']);
wraps('lines are cut between words', 'one two three', 8, ['one two', 'three']);
wraps('a long word is cut and starts on its own line', 'a bcdefghij k', 4, ['a', 'bcde', 'fghi', 'j k']);
wraps('wide characters take two columns', '日本 語', 4, ['日本', '語']);
wraps('an emoji of several characters is not cut', '👩‍👩‍👧👩‍👩‍👧', 2, ['👩‍👩‍👧', '👩‍👩‍👧']);
wraps('no words are no lines', '  ', 10, []);

test('no line is wider than asked for', () => {
	for (const text of hostileTexts) {
		for (const width of [2, 7, 42]) for (const line of wrapText(text, width)) assert.ok(textWidth(line) <= width);
	}
});

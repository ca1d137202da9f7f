import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type DemoRecording, demoRecordings} from '../../src/cli/demo-recordings.js';
import {showDemo} from '../../src/cli/show-demo.js';
import {wordErrors} from '../../src/session/word-errors.js';
import {spoken} from '../session/segments.js';
import {FakePipe} from '../ui/fake-terminal.js';
import {fakeHost, modelsFolder, progress, type Script} from './fake-host.js';

const recordings = await demoRecordings();

/** A demo whose recordings are captioned as `texts`. */
const scripts = (texts: string[]): Record<string, Script> =>
	Object.fromEntries(
		recordings.map(({path}, i) => [path, [{type: 'final', segment: spoken(0, 0, texts[i]!)}, progress(1)]]),
	);

const references = recordings.map(recording => recording.reference);

test('the demo has a synthetic recording first and a human voice second, each with its source and licence', () => {
	assert.deepEqual(
		recordings.map(recording => recording.file),
		['synthetic.wav', 'jfk.wav'],
	);
	assert.match(recordings[0]!.title, /synthetic/i);
	assert.match(recordings[1]!.title, /human voice .* never heard/);
	for (const {source, licence, reference} of recordings)
		assert.ok(source && licence && wordErrors(reference, '').words >= 20);
});

test('the demo says what it hears, shows its captions and counts the words that were wrong in them', async t => {
	const host = fakeHost(scripts([references[0]!, references[1]!.replace('country', 'county').replace('And so ', '')]));
	assert.equal(await showDemo({isPaced: false, modelsDir: modelsFolder(t)}, host), 0);
	const {stdout, stderr} = host.texts();
	const lines = stdout.split('\n');
	const words = recordings.map(({reference}: DemoRecording) => wordErrors(reference, '').words);
	assert.deepEqual(lines.slice(0, 3), [`== ${recordings[0]!.title} ==`, references[0], '']);
	assert.equal(lines[3], `== ${recordings[1]!.title} ==`);
	assert.equal(
		lines[6],
		`Words wrong: 0 of ${words[0]} for the synthetic voices, 3 of ${words[1]} for the human voice.`,
	);
	assert.match(stdout, /Models that understand people: `pi-caption models list`/);
	assert.equal(stderr, '');
	assert.equal(host.open.size + host.atExitActions.size, 0);
});

test('an interrupted demo counts nothing', async t => {
	const host = fakeHost(scripts(references));
	host.openAudio = async () => {
		host.controller.abort();
		return new Promise(() => {});
	};
	assert.equal(await showDemo({isPaced: false, modelsDir: modelsFolder(t)}, host), 130);
	assert.doesNotMatch(host.texts().stdout, /Words wrong/);
	assert.equal(host.open.size + host.atExitActions.size, 0);
});

test('a demo whose reader is gone ends quietly', async t => {
	const gone = Object.assign(new Error('write EPIPE'), {code: 'EPIPE'});
	const host = fakeHost(scripts(references), {stdout: new FakePipe(text => (text.length > 5 ? gone : undefined))});
	assert.equal(await showDemo({isPaced: false, modelsDir: modelsFolder(t)}, host), 0);
	assert.equal(host.texts().stderr, '');
	assert.equal(host.open.size + host.atExitActions.size, 0);
});

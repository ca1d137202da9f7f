import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from '../project-root.js';
import {assertSameCaptions, fixture, rawPcm, run, runInShell, start} from './command.js';
import {temporaryFolder} from './fake-host.js';

const jfk = fixture('audio/jfk.wav');
const minute = fixture('embedded/parity/minute.wav');

test('a pipe gets captions and not one escape sequence', async () => {
	const {code, stdout, stderr} = await run(['transcribe', minute]);
	assert.deepEqual([code, stderr], [0, '']);
	assert.match(stdout, /^So um the plastic is the white area/);
	assert.doesNotMatch(stdout, /[^\n\P{Cc}]/u);
});

test('standard input gives the captions that the file gives', async () => {
	const bytes = readFileSync(minute);
	const {stdout} = await run(['transcribe', minute]);
	assertSameCaptions((await run(['transcribe', '-'], {input: bytes})).stdout, stdout);
	const raw = rawPcm(minute, 0, 60_000);
	assertSameCaptions((await run(['transcribe', '-', '--rate', '16000'], {input: raw})).stdout, stdout);
});

test('the pace, the threads and the events change no caption', async () => {
	const input = rawPcm(path.join(projectRoot, 'models', 'demo', 'synthetic.wav'), 0, 4500);
	const transcribe = (...flags: string[]) => run(['transcribe', '-', '--rate', '16000', ...flags], {input});
	const plain = await transcribe();
	assert.match(plain.stdout, /^I do want to point out/);
	const [paced, events] = await Promise.all([transcribe('--realtime', '--threads', '1'), transcribe('--json')]);
	assertSameCaptions(paced.stdout, plain.stdout);
	assertSameCaptions(finalsOf(events.stdout), plain.stdout);
});

/** The final captions among events, a line each. */
const finalsOf = (events: string) =>
	events
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line))
		.filter(event => event.type === 'final')
		.map(event => `${event.text}\n`)
		.join('');

test('a reader that wants one line ends the command quietly', () => {
	const {code, stdout, stderr} = runInShell('$PI transcribe "$MINUTE" | head -1', {MINUTE: minute});
	assert.deepEqual([code, stderr], [0, '']);
	assert.match(stdout, /^So um the plastic[^\n]*\n$/);
});

test('messages that nobody reads are no reason to stop', () => {
	const {code, stdout} = runInShell('$PI transcribe /no/such.wav "$JFK" 2> >(true)', {JFK: jfk});
	assert.equal(code, 1);
	assert.match(stdout, /== jfk\.wav ==\n./);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	test(`${signal} ends with 130 and keeps what was captioned`, async t => {
		const folder = temporaryFolder(t);
		const output = path.join(folder, 'minute.txt');
		const args = ['transcribe', '-', '--rate', '16000', '--json', '--output', output];
		const {child, ended, says} = start(args, {input: rawPcm(minute, 0, 15_000), staysOpen: true});
		await says(/"final"/);
		child.kill(signal);
		const {code, stdout, stderr} = await ended;
		assert.equal(code, 130);
		assert.match(
			stderr,
			/^Interrupted at 0:\d\d of standard input; what was captioned so far is in .*minute\.txt\.\n$/,
		);
		assert.deepEqual(readdirSync(folder), ['minute.txt']);
		assert.equal(readFileSync(output, 'utf8'), finalsOf(stdout));
	});
}

test('the demo captions both recordings and counts its wrong words', async () => {
	const {code, stdout, stderr} = await run(['demo', '--fast']);
	assert.deepEqual([code, stderr], [0, '']);
	const counts = /^Words wrong: (\d+) of 39 for the synthetic voices, (\d+) of 22 for the human voice\.$/m.exec(stdout);
	assert.ok(counts, stdout);
	assert.ok(Number(counts[1]) < Number(counts[2]), 'the model understands the voices that it knows better');
});

test('help needs neither engine nor model and answers for every command', async () => {
	for (const args of [['--help'], ['transcribe', '--help'], ['demo', '--help']]) {
		const {code, stdout, stderr} = await run(args);
		assert.deepEqual([code, stderr], [0, '']);
		assert.match(stdout, /Examples:/);
	}
});

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createWorkView} from '../../src/ui/work-view.js';
import {FakePipe, FakeTerminal} from './fake-terminal.js';

const env = {LANG: 'C.UTF-8', TERM: 'xterm'};

/** A view with a clock that the test sets. */
function view(stderr: FakePipe | FakeTerminal, variables: Record<string, string> = {}) {
	const clock = {ms: 0};
	return {clock, view: createWorkView({stdout: new FakePipe(), stderr, env: {...env, ...variables}}, () => clock.ms)};
}

test('into a pipe go the sentences alone', () => {
	const pipe = new FakePipe();
	const {view: work} = view(pipe);
	work.progress('Downloading: 1 %');
	work.message('First.\u001b[2J');
	work.progress('Downloading: 2 %');
	work.message('Second.');
	work.close();
	assert.equal(pipe.text, 'First.\nSecond.\n');
});

test('on a terminal the line is below the sentences, and gone at the end', () => {
	const terminal = new FakeTerminal();
	const {clock, view: work} = view(terminal);
	work.progress('Downloading: 1 %');
	work.message('First.');
	assert.deepEqual(terminal.lines, ['First.', 'Downloading: 1 %']);
	work.progress('Downloading: 2 %');
	assert.deepEqual(terminal.lines, ['First.', 'Downloading: 1 %']);
	clock.ms = 500;
	work.progress('Downloading: 3 %');
	assert.deepEqual(terminal.lines, ['First.', 'Downloading: 3 %']);
	work.close();
	assert.deepEqual(terminal.lines, ['First.']);
});

test('where nothing may be redrawn, the line comes twice a minute', () => {
	const terminal = new FakeTerminal();
	const {clock, view: work} = view(terminal, {TERM: 'dumb'});
	for (clock.ms = 0; clock.ms <= 65_000; clock.ms += 1000) work.progress(`${clock.ms / 1000} s`);
	assert.deepEqual(terminal.lines, ['30 s', '60 s']);
});

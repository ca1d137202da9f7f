import assert from 'node:assert/strict';
import {test} from 'node:test';
import {terminal} from '../tmux.js';
import {command, fixture, missing, run} from './command.js';

const skip = missing('tmux');
const minute = fixture('embedded/parity/minute.wav');
const pi = `${process.execPath} ${command}`;

test('a terminal shows the open line with the progress under it, and finals in lines of its width', {skip}, async t => {
	const {shows, isCursorShown, press} = terminal(t, `${pi} transcribe --realtime ${minute}`);
	const open = await shows(/^› \S.*…\n0:\d\d of 0:57, RTF \d+\.\d\d, 0:\d\d left$/m);
	assert.match(open, /^(Demo model: .*\n)?› So/);
	const closed = await shows(
		/^So um the plastic is the white area of .*\n(?:[^\n›].*\n)*(?:› .*\n)?(?: .*\n)*0:\d\d of 0:57/m,
	);
	assert.ok(closed.split('\n').every(line => [...line].length <= 60));
	press('C-c');
	const ended = await shows(/ended with \d+/);
	assert.match(ended, /Interrupted at 0:\d\d of [\s\S]*\nended with 130$/);
	assert.doesNotMatch(ended, /›|RTF/);
	assert.ok(isCursorShown());
});

test('what a terminal shows at the end is what a pipe gets', {skip}, async t => {
	const {shows, isCursorShown} = terminal(t, `${pi} transcribe ${fixture('audio/jfk.wav')}`);
	const ended = await shows(/ended with 0/);
	const {stdout} = await run(['transcribe', fixture('audio/jfk.wav')]);
	assert.doesNotMatch(ended, /[›…]|RTF/);
	const captions = ended.replace(/^Demo model: .*\n/, '').replace(/\nended with 0$/, '');
	assert.equal(captions.split('\n')[0], stdout.split('\n')[0]);
	assert.ok(isCursorShown());
});

test('with output in a pipe the terminal shows progress and no captions', {skip}, async t => {
	const {shows, press} = terminal(t, `${pi} transcribe --realtime ${minute} | cat > /dev/null`);
	const screen = await shows(/^0:0[1-9] of 0:57, RTF/m);
	assert.doesNotMatch(screen, /›|plastic/);
	press('C-c');
	await shows(/ended with/);
});

test('a dumb terminal gets finals alone', {skip}, async t => {
	const {shows} = terminal(t, `TERM=dumb ${pi} transcribe ${fixture('audio/jfk.wav')}`);
	const ended = await shows(/ended with 0/);
	assert.doesNotMatch(ended, /›|RTF|\^\[/);
});

test('a locale without UTF-8 gets ASCII marks', {skip}, async t => {
	const {shows, press} = terminal(t, `${pi} transcribe --realtime ${minute}`, {environment: 'LC_ALL=C'});
	await shows(/^> So.*\.\.\.$/m);
	press('C-c');
	await shows(/ended with 130/);
});

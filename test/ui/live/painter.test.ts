import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createPainter} from '../../../src/ui/live/painter.js';
import {GridTerminal} from './grid-terminal.js';

function painted(columns: number, rows: number) {
	const terminal = new GridTerminal(columns, rows);
	return {terminal, painter: createPainter(terminal)};
}

test('a frame stands on the terminal row by row', () => {
	const {terminal, painter} = painted(20, 5);
	painter.paint('one\n\nthree');
	assert.deepEqual(terminal.lines, ['one', '', 'three', '', '']);
});

test('frames that follow each other leave the last one, whatever they were', () => {
	let seed = 7;
	const random = (below: number) => {
		seed = (seed * 48271) % 2147483647;
		return seed % below;
	};
	const words = ['a', 'bb', 'ccc', 'é', 'e\u0301', '漢字', '\x1b[7mx\x1b[27m', ' ', 'it was', '👩‍👩‍👧'];
	const {terminal, painter} = painted(40, 8);
	for (let n = 0; n < 800; n++) {
		const rows = Array.from({length: 1 + random(8)}, () =>
			Array.from({length: random(6)}, () => words[random(words.length)]).join(''),
		);
		painter.paint(rows.join('\n'));
		const fresh = painted(40, 8);
		fresh.painter.paint(rows.join('\n'));
		assert.deepEqual(terminal.lines, fresh.terminal.lines, JSON.stringify(rows));
	}
});

test('nothing is written when nothing changed', () => {
	const {terminal, painter} = painted(20, 5);
	painter.paint('one\ntwo');
	const before = terminal.bytes;
	painter.paint('one\ntwo');
	assert.equal(terminal.bytes, before);
});

test('of a row that grew only what is new is written', () => {
	const {terminal, painter} = painted(80, 5);
	painter.paint('first row\nit was the best of times');
	const before = terminal.bytes;
	painter.paint('first row\nit was the best of times it');
	assert.ok(terminal.bytes - before < 20, `${terminal.bytes - before} bytes`);
	assert.deepEqual(terminal.lines.slice(0, 2), ['first row', 'it was the best of times it']);
});

test('a row that fills the terminal keeps its last cell', () => {
	const {terminal, painter} = painted(10, 3);
	painter.paint('0123456789\n0123456789');
	painter.paint('012345678x\n9876543210');
	assert.deepEqual(terminal.lines, ['012345678x', '9876543210', '']);
});

test('what is forgotten is drawn whole', () => {
	const {terminal, painter} = painted(20, 5);
	painter.paint('one\ntwo');
	terminal.write('\x1b[2J');
	painter.paint('one\ntwo');
	assert.deepEqual(terminal.lines.slice(0, 2), ['', '']);
	painter.forget();
	painter.paint('one\ntwo');
	assert.deepEqual(terminal.lines.slice(0, 2), ['one', 'two']);
});

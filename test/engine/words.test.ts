import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Piece} from '../../src/engine/tokenizer.js';
import {Speller} from '../../src/engine/words.js';

const text = (spelling: string): Piece => ({text: spelling, kind: 'text', byte: 0});
const byte = (value: number): Piece => ({text: `<0x${value.toString(16)}>`, kind: 'byte', byte: value});
const silent: Piece = {text: '<s>', kind: 'silent', byte: 0};

const spells = (title: string, pieces: Piece[], expected: string[], silentIds: number[] = []) =>
	test(title, () => {
		const speller = new Speller(pieces, silentIds);
		const events = pieces.map((_, id) => speller.next(id));
		assert.deepEqual(
			events.map(event => (event.kind === 'pause' ? '-' : `${event.kind} ${event.text}`)),
			expected,
		);
	});

spells(
	'▁ starts a word and other pieces go on with it',
	[text('▁capt'), text('ion'), text('.')],
	['starts capt', 'grows ion', 'grows .'],
);
spells('the very first piece starts a word without ▁', [text('ing'), text('▁a')], ['starts ing', 'starts a']);
spells(
	'padding between the pieces of a word does not split it',
	[text('▁we'), silent, text('ve')],
	['starts we', '-', 'grows ve'],
);
spells(
	'ids that the model uses for padding are silent even if they have a spelling',
	[text('▁x'), text('y')],
	['starts x', '-'],
	[1],
);
spells('a lone ▁ lets the next piece start a word', [text('▁a'), text('▁'), text('b')], ['starts a', '-', 'starts b']);
spells(
	'bytes become a character when the last one has come',
	[text('▁'), byte(0xe2), byte(0x82), byte(0xac)],
	['-', '-', '-', 'starts €'],
);
spells(
	'bytes that never become a character are one replacement character',
	[text('▁a'), byte(0xe2), text('b')],
	['starts a', '-', 'grows \uFFFDb'],
);
spells(
	'a byte that cannot begin a character is a replacement character',
	[text('▁a'), byte(0x82)],
	['starts a', 'grows \uFFFD'],
);

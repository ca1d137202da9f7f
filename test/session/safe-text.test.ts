import assert from 'node:assert/strict';
import {test} from 'node:test';
import {safeLine, safeText} from '../../src/session/safe-text.js';
import {hostileTexts, randomHostileTexts, seed} from './hostile-text.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const forbidden = /[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

const becomes = (title: string, text: string, expected: string) =>
	test(title, () => assert.equal(safeText(text), expected));

becomes('ordinary text is unchanged', 'Don’t ask: “why?” — 50 % café 日本語', 'Don’t ask: “why?” — 50 % café 日本語');
becomes('a colour sequence goes whole', '\x1b[1;31mred\x1b[0m', 'red');
becomes('a C1 colour sequence goes whole', '\x9b31mred\x9b0m', 'red');
becomes('a title ended by BEL goes whole', '\x1b]0;title\x07after', 'after');
becomes('a C1 title ended by C1 ST goes whole', '\x9d0;title\x9cafter', 'after');
becomes('a hyperlink leaves its text', '\x1b]8;;https://evil.example\x1b\\text\x1b]8;;\x1b\\', 'text');
becomes(
	'device control, privacy and application strings go whole',
	'\x1bPa\x1b\\\x1b^b\x1b\\\x1b_c\x1b\\\x1bXd\x1b\\x',
	'x',
);
becomes('a string that nothing ends swallows no text', '\x1b]0;what was said', '0;what was said');
becomes('a reset goes whole', '\x1bcafter', 'after');
becomes('a character set switch goes whole', '\x1b(0after', 'after');
becomes('removing one sequence makes no other', '\x1b\x1b[0m[31mx', '[31mx');
becomes('a lone escape goes', 'a\x1b', 'a');
becomes('line breaks and tabs become spaces', 'a\nb\tc\rd\u2028e\u2029f\u0085g\vh\fi', 'a b c d e f g h i');
becomes('direction marks go', 'abc\u202egnp\u202c\u2066\u2069\u200e\u200f\u061c', 'abcgnp');
becomes('invisible spaces go', 'a\u200bb\u2060c\ufeffd', 'abcd');
becomes('joiners stay', '👩‍👩‍👧 می‌خواهم', '👩‍👩‍👧 می‌خواهم');
becomes('lone surrogates become replacement characters', 'a\ud800b\udc00c😀', 'a\ufffdb\ufffdc😀');
becomes('C0, DEL and C1 go', '\x00a\x08b\x7fc\x80d\x9fe', 'abcde');

test('nothing forbidden is left of hostile texts, and a second time changes nothing', t => {
	t.diagnostic(`SEED=${seed}`);
	for (const text of [...hostileTexts, ...randomHostileTexts(20_000, seed)]) {
		const safe = safeText(text);
		assert.doesNotMatch(safe, forbidden, JSON.stringify(text));
		assert.doesNotMatch(safe, /\p{Surrogate}/u, JSON.stringify(text));
		assert.equal(safeText(safe), safe, JSON.stringify(text));
	}
});

test('the words of a hostile text survive', () => {
	for (const text of ['\x1b]0;x\x07kept', '\x1b]never ended kept', '\x9dkept', 'kept\x1b[', '\x1b[31mkept\x1b[0m']) {
		assert.match(safeText(text), /kept/, JSON.stringify(text));
	}
});

test('safe lines have single spaces and none at their ends', () => {
	for (const text of hostileTexts) assert.doesNotMatch(safeLine(text), /^\s|\s$|\s\s/);
});

test('a million introducers take no quadratic time', () => {
	for (const introducer of ['\x9d', '\x1b]', '\x9b', '\x1b[', '\x1b', '\x9b0;']) {
		assert.equal(typeof safeText(introducer.repeat(1_000_000)), 'string');
	}
});

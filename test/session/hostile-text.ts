/** Texts that try to move the cursor, hide, turn around or inject markup: what every text that others wrote may be. */
export const hostileTexts: readonly string[] = [
	'\x1b[2J\x1b[H cleared',
	'\x1b]0;title\x07after',
	'\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\',
	'\x9b31mred\x9b0m',
	'\x9d0;title\x9cafter',
	'\x9d0;never ended',
	'\x1b]52;c;c2VjcmV0',
	'\x1bP1$r0m\x1b\\dcs',
	'\x90payload\x9cdcs',
	'\x1b_apc\x1b\\ \x1b^pm\x1b\\ \x1bXsos\x1b\\',
	'\x1bc reset',
	'\x1b(0 line drawing',
	'\x1b\x1b[0m[31m',
	'a\x1b',
	'a\x1b[',
	'bell\x07 back\b\b\b space\x7f',
	'one\r\ntwo\nthree\ttab\vvertical\fform\u0085next\u2028line\u2029paragraph',
	'abc\u202egnp.exe',
	'\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069',
	'\u061c\u200b\u200e\u200f\u2060\u2061\u2064\ufeff',
	'lone \ud800 high, lone \udc00 low',
	'👩‍👩‍👧 می‌خواهم',
	'# heading',
	'---',
	'--- yaml',
	'===',
	'- item',
	'+ item',
	'* item',
	'1. item',
	'12) item',
	'> quote',
	'    code',
	'```',
	'~~~',
	'`code` ``code``',
	'*emphasis* **strong** _emphasis_ __strong__ ~~gone~~',
	'[link](https://evil.example)',
	'![image](https://evil.example/a.png)',
	'[x]: https://evil.example',
	'[^1] and [^1]: footnote',
	'<https://evil.example>',
	'https://evil.example www.evil.example a@evil.example',
	'<script>alert(1)</script>',
	'<img src=x onerror=alert(1)>',
	'<!-- comment -->',
	'&lt;b&gt; &amp; &#60;',
	'| a | b |',
	'|---|---|',
	'back\\slash \\# \\',
	'$x$ $$y$$',
	'key: value',
	'": "\ninjected: true',
	"' # comment",
	'{flow: [map]}',
	'!!js/function x',
	'*alias &anchor',
	'no',
	'12:30:45',
	'00:00:00.000 --> 00:00:01.000',
	'a --> b ---> c',
	'NOTE this',
	'WEBVTT',
	'STYLE ::cue { color: red }',
	'{\\an8}{\\pos(0,0)} <font size=0>small</font>',
	'',
	'   ',
	'\x00',
	'x'.repeat(3000),
	`${'word '.repeat(500)}`,
];

/** A reproducible stream of texts made of the pieces that hurt. */
export function* randomHostileTexts(count: number, seed: number): Generator<string> {
	const random = seededRandom(seed);
	const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
	for (let i = 0; i < count; i++) {
		yield Array.from({length: Math.floor(random() * 12)}, () =>
			random() < 0.5 ? pick(atoms) : String.fromCharCode(Math.floor(random() * (random() < 0.7 ? 0x100 : 0x10000))),
		).join('');
	}
}

const atoms = [
	...'\x1b\x9b\x9d\x90\x9c\x07\\[]()0;?#*_`~<>&|$^-=+!:@.{}"\'%\n\r\t 1a',
	'\x1b[',
	'\x1b]',
	'-->',
	'---',
	'https://e.example',
	'www.e.example',
	'<b>',
	'word',
	'\u202e',
	'\ufeff',
	'\ud83d',
	'\ude00',
];

/** Numbers in [0, 1) that depend on `seed` alone (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** The seed of this run: `SEED=n` repeats one. */
export const seed = Number(process.env.SEED ?? 20261123);

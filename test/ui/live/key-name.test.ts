import assert from 'node:assert/strict';
import {test} from 'node:test';
import {useInput} from 'ink';
import {render} from 'ink-testing-library';
import {createElement} from 'react';
import {keyPresses} from '../../../src/ui/live/key-name.js';

/** What Ink makes of bytes of a keyboard. */
async function pressed(bytes: string): Promise<string[]> {
	const presses: string[] = [];
	const onPress = (press: string) => presses.push(press);
	const {stdin, unmount} = render(createElement(Keys, {onPress}));
	// Ink listens after its first effects have run.
	await new Promise(setImmediate);
	stdin.write(bytes);
	await new Promise(setImmediate);
	await new Promise(setImmediate);
	unmount();
	return presses;
}

function Keys({onPress}: {onPress(press: string): void}) {
	useInput((input, key) => {
		for (const {key: name, text} of keyPresses(input, key)) onPress(name === text ? name : `${name}:${text}`);
	});
	return null;
}

const cases: [string, string, string[]][] = [
	['a letter', 'r', ['r']],
	['a capital', 'N', ['N']],
	['a space', ' ', ['space: ']],
	['Enter', '\r', ['return:']],
	['Escape', '\x1b', ['escape:']],
	['Tab', '\t', ['tab:']],
	['the backspace key', '\x7f', ['backspace:']],
	['Ctrl-C', '\x03', ['ctrl+c:']],
	['Ctrl-L', '\x0c', ['ctrl+l:']],
	['page keys', '\x1b[5~', ['pageup:']],
	['arrows', '\x1b[A', ['up:']],
	['Home', '\x1b[H', ['home:']],
	['End as rxvt sends it', '\x1b[8~', ['end:']],
	['several keys at once', 'jjk', ['j', 'j', 'k']],
	['text and Enter at once', 'ab\r', ['a', 'b', 'return:']],
	['Escape and a key at once', '\x1bz', ['escape:', 'z']],
	['letters of other scripts', 'é漢', ['é', '漢']],
	['a key that nobody knows', '\x1b[200~', []],
];
for (const [what, bytes, presses] of cases) {
	test(`${what} is ${presses.length === 0 ? 'nothing' : presses.join(', ')}`, async () => {
		assert.deepEqual(await pressed(bytes), presses);
	});
}

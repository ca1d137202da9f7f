import assert from 'node:assert/strict';
import {test} from 'node:test';
import {comparedWords, wordErrors} from '../../src/session/word-errors.js';
import {seed, seededRandom} from './hostile-text.js';

test('words are compared in lower case, without punctuation, with apostrophes', () => {
	assert.deepEqual(comparedWords("Don't STOP—it's 9:30, naïve!"), ["don't", 'stop', "it's", '9', '30', 'na', 've']);
	assert.deepEqual(comparedWords(' … '), []);
});

const counts = (
	title: string,
	reference: string,
	hypothesis: string,
	expected: [words: number, wrong: number, s: number, i: number, d: number],
) =>
	test(title, () => {
		const {words, wrong, substitutions, insertions, deletions} = wordErrors(reference, hypothesis);
		assert.deepEqual([words, wrong, substitutions, insertions, deletions], expected);
	});

counts('equal texts have no errors', 'a b c', 'A, b. C!', [3, 0, 0, 0, 0]);
counts('another word is a substitution', 'a b c', 'a x c', [3, 1, 1, 0, 0]);
counts('a missing word is a deletion', 'a b c', 'a c', [3, 1, 0, 0, 1]);
counts('a word too many is an insertion', 'a b c', 'a b x c', [3, 1, 0, 1, 0]);
counts('silence deletes everything', 'a b c', '', [3, 3, 0, 0, 3]);
counts('words in silence are insertions', '', 'a b', [0, 2, 0, 2, 0]);
counts('nothing against nothing is right', '', '', [0, 0, 0, 0, 0]);
counts('all three kinds are told apart', 'a b c d e', 'x b d e f', [5, 3, 1, 1, 1]);
counts('where two alignments are as cheap, the one with more substitutions counts', 'a b', 'b c', [2, 2, 2, 0, 0]);

/** The textbook table, whole, to compare the counts with. */
function slowDistance(said: string[], heard: string[]): number {
	const table = said.map(() => heard.map(() => 0));
	const at = (i: number, j: number): number => (i < 0 ? j + 1 : j < 0 ? i + 1 : table[i]![j]!);
	for (let i = 0; i < said.length; i++) {
		for (let j = 0; j < heard.length; j++) {
			table[i]![j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (said[i] === heard[j] ? 0 : 1));
		}
	}
	return at(said.length - 1, heard.length - 1);
}

test('counts add up and equal the textbook distance for random texts', t => {
	t.diagnostic(`SEED=${seed}`);
	const random = seededRandom(seed);
	const text = () => Array.from({length: Math.floor(random() * 12)}, () => 'abcd'[Math.floor(random() * 4)]!);
	for (let n = 0; n < 3000; n++) {
		const [said, heard] = [text(), text()];
		const {words, wrong, substitutions, insertions, deletions} = wordErrors(said.join(' '), heard.join(' '));
		assert.equal(words, said.length);
		assert.equal(wrong, slowDistance(said, heard));
		assert.equal(substitutions + insertions + deletions, wrong);
		assert.equal(said.length - deletions + insertions, heard.length);
		assert.ok(Math.min(substitutions, insertions, deletions) >= 0 && Number.isInteger(deletions));
	}
});

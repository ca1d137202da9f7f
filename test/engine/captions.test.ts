import assert from 'node:assert/strict';
import {test} from 'node:test';
import {CaptionAssembler} from '../../src/engine/captions.js';
import type {WordEvent} from '../../src/engine/words.js';
import type {Segment} from '../../src/session/segment.js';

type Output = {type: 'partial' | 'final'; segment: Segment};

/** Frames of 80 ms, text 10 frames late. `script`: a word starts (`hello`), grows (`+ing`), or nothing (`_`); a `!` behind it: the frame heard there is loud. */
function run(script: string[], {originMs = 0} = {}): {outputs: Output[]; captions: CaptionAssembler} {
	const outputs: Output[] = [];
	const captions = new CaptionAssembler({frameMs: 80, delayMs: 800}, output => outputs.push(structuredClone(output)));
	if (originMs > 0) captions.restart(originMs);
	script.forEach((entry, position) => {
		const isQuiet = !entry.endsWith('!');
		const spelling = entry.replace(/!$/, '');
		let event: WordEvent = {kind: 'starts', text: spelling};
		if (spelling === '_') event = {kind: 'pause'};
		else if (spelling.startsWith('+')) event = {kind: 'grows', text: spelling.slice(1)};
		captions.push({position, event, isQuiet});
	});
	return {outputs, captions};
}

const finals = (outputs: Output[]) => outputs.filter(({type}) => type === 'final').map(({segment}) => segment);
const pad = (count: number, entry = '_') => Array.from({length: count}, () => entry);

test('the open line is replaced as it grows', () => {
	const {outputs} = run([...pad(10), 'cap', '+tion', 'it']);
	assert.deepEqual(
		outputs.map(({type, segment}) => `${type} ${segment.segmentId} ${segment.text}`),
		['partial 0 cap', 'partial 0 caption', 'partial 0 caption it'],
	);
});

test('a word starts where it was spoken: its position less the delay', () => {
	const {outputs, captions} = run([...pad(15), 'one', ...pad(4), 'two']);
	captions.close();
	assert.deepEqual(finals(outputs)[0]!.words, [
		{text: 'one', startMs: 400, endMs: 720},
		{text: 'two', startMs: 800, endMs: 1120},
	]);
});

test('a word ends where the next begins, at the latest', () => {
	const {outputs} = run([...pad(12), 'one', 'two']);
	assert.equal(outputs.at(-1)!.segment.words[0]!.endMs, outputs.at(-1)!.segment.words[1]!.startMs);
});

test('times before the first sample are clamped to it', () => {
	const {outputs} = run([...pad(3), 'early']);
	assert.equal(outputs[0]!.segment.startMs, 0);
});

test('half a second without words closes the caption when it is quiet there', () => {
	const {outputs} = run([...pad(20), 'done', ...pad(6)]);
	assert.deepEqual(
		finals(outputs).map(segment => segment.text),
		['done'],
	);
});

test('half a second without words does not close the caption while something is heard there', () => {
	const {outputs} = run([...pad(20, '_!'), 'not!', ...pad(6, '_!')]);
	assert.deepEqual(finals(outputs), []);
});

test('1.2 s without words closes the caption in any noise', () => {
	const {outputs} = run([...pad(20, '_!'), 'done!', ...pad(14, '_!')]);
	assert.deepEqual(finals(outputs), []);
	assert.equal(finals(run([...pad(20, '_!'), 'done!', ...pad(15, '_!')]).outputs).length, 1);
});

test('quiet after the word, behind the delay, does not count yet', () => {
	const {outputs} = run([...pad(20, '_!'), 'word!', ...pad(6)]);
	assert.deepEqual(finals(outputs), []);
});

test('a sentence end closes the caption after 8 s, before the next word', () => {
	const word = (i: number) => [i % 6 === 5 ? `w${i}.` : `w${i}`, ...pad(4, '_!')];
	const script = [...pad(10, '_!'), ...Array.from({length: 25}, (_, i) => word(i)).flat()];
	const closed = finals(run(script).outputs);
	assert.equal(closed.length, 1);
	assert.ok(closed[0]!.text.endsWith('w23.'), 'the earlier sentence ends were too early');
});

test('15 s without a sentence end close the caption at a word', () => {
	const script = [...pad(10, '_!'), ...Array.from({length: 45}, (_, i) => [`w${i}`, ...pad(4, '_!')]).flat()];
	const closed = finals(run(script).outputs);
	assert.equal(closed.length, 1);
	assert.equal(closed[0]!.words.length, 38);
});

test('a word that never ends is cut, so a caption stays bounded', () => {
	const script = [...pad(10), 'a', ...Array.from({length: 500}, () => '+a')];
	const {outputs} = run(script);
	assert.ok(outputs.every(({segment}) => segment.text.length < 250));
});

test('only the newest segment is partial and a final never changes', () => {
	const script = Array.from({length: 400}, (_, i) => (i % 37 < 20 ? `w${i}` : '_'));
	const {outputs} = run(script);
	let open = 0;
	for (const {type, segment} of outputs) {
		assert.equal(segment.segmentId, open);
		if (type === 'final') open++;
	}
	assert.ok(open > 5);
});

test('after a restart times go on from its origin and ids count on', () => {
	const {outputs, captions} = run([...pad(12), 'before']);
	captions.restart(60_000);
	for (let position = 0; position < 12; position++) captions.push({position, event: {kind: 'pause'}, isQuiet: true});
	captions.push({position: 12, event: {kind: 'starts', text: 'after'}, isQuiet: false});
	assert.deepEqual(
		outputs.map(({type, segment}) => `${type} ${segment.segmentId} ${segment.text} ${segment.startMs}`),
		['partial 0 before 160', 'final 0 before 160', 'partial 1 after 60160'],
	);
});

test('nothing said gives no captions', () => {
	const {outputs, captions} = run(pad(500));
	captions.close();
	assert.deepEqual(outputs, []);
});

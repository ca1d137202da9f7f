import assert from 'node:assert/strict';
import {test} from 'node:test';
import {CaptionAssembler, type CaptionInput} from '../../src/engine/captions.js';
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

/** As `run`, with a VAD: a `~` behind an entry says that no word will come. */
function runWithVad(script: string[]): {outputs: Output[]; captions: CaptionAssembler} {
	const outputs: Output[] = [];
	const captions = new CaptionAssembler({frameMs: 80, delayMs: 480}, output => outputs.push(structuredClone(output)));
	for (const [position, entry] of script.entries()) captions.push(withVad(entry, position));
	return {outputs, captions};
}

function withVad(entry: string, position: number): CaptionInput {
	const spelling = entry.replace(/~$/, '');
	const event: WordEvent = spelling === '_' ? {kind: 'pause'} : {kind: 'starts', text: spelling};
	return {position, event, isQuiet: false, noWordProbability: entry.endsWith('~') ? 0.9 : 0.1};
}

const texts = (outputs: Output[]) => finals(outputs).map(({text}) => text);

test('a pause that the VAD tells closes the caption when the words before it must be written', () => {
	// The pause begins at position 21, and text is 6 positions late.
	assert.deepEqual(texts(runWithVad([...pad(20), 'done', ...pad(6, '_~')]).outputs), []);
	assert.deepEqual(texts(runWithVad([...pad(20), 'done', ...pad(7, '_~')]).outputs), ['done']);
});

test('words that the delay held back still belong to the caption', () => {
	assert.deepEqual(texts(runWithVad([...pad(20), 'almost', ...pad(4, '_~'), 'done~', ...pad(2, '_~')]).outputs), [
		'almost done',
	]);
});

test('words that come in spite of the VAD do not become captions of their own', () => {
	const script = [...pad(20), 'a', ...pad(7, '_~'), 'b~', ...pad(4, '_~'), 'c~', ...pad(4, '_~'), 'd~'];
	assert.deepEqual(texts(runWithVad(script).outputs), ['a']);
});

test('quiet alone closes nothing where there is a VAD, but 1.2 s without words do', () => {
	const quiet = (entry: string, position: number) => ({...withVad(entry, position), isQuiet: true});
	const closed = (pauses: number) => {
		const outputs: Output[] = [];
		const captions = new CaptionAssembler({frameMs: 80, delayMs: 480}, output => outputs.push(output));
		for (const [i, entry] of [...pad(20), 'word', ...pad(pauses)].entries()) captions.push(quiet(entry, i));
		return texts(outputs).length;
	};
	assert.equal(closed(14), 0);
	assert.equal(closed(15), 1);
});

/** Texts of what `captions` shows for `entries` from position `first` on. */
function shown(captions: CaptionAssembler, outputs: Output[], entries: string[], first: number): string[] {
	outputs.length = 0;
	for (const [i, entry] of entries.entries()) captions.push(withVad(entry, first + i));
	return outputs.map(({type, segment}) => `${type} ${segment.text}`);
}

function previewed() {
	const {outputs, captions} = runWithVad([...pad(20), 'we', 'are', ...pad(3, '_~')]);
	assert.equal(captions.unwrittenPause, 22);
	outputs.length = 0;
	captions.preview(['almost', '_', 'done', '_'].map((entry, i) => withVad(entry, 25 + i)));
	assert.deepEqual(
		outputs.map(({type, segment}) => `${type} ${segment.segmentId} ${segment.text}`),
		['partial 0 we are almost done'],
	);
	return {outputs, captions};
}

test('words of a preview that come again are not taken back meanwhile', () => {
	const {outputs, captions} = previewed();
	assert.deepEqual(shown(captions, outputs, ['almost', '_', 'done'], 25), ['partial we are almost done']);
});

test('words that differ from their preview replace it', () => {
	const {outputs, captions} = previewed();
	assert.deepEqual(shown(captions, outputs, ['almost', '_', 'there'], 25), ['partial we are almost there']);
});

test('words of a preview that do not come are taken back when its last position has come', () => {
	const {outputs, captions} = previewed();
	assert.deepEqual(shown(captions, outputs, ['almost', '_'], 25), []);
	assert.deepEqual(shown(captions, outputs, ['_', '_'], 27), ['partial we are almost']);
});

test('a preview changes no final', () => {
	const {outputs, captions} = previewed();
	assert.deepEqual(shown(captions, outputs, ['_~', '_~', '_~', '_~'], 25).at(-1), 'final we are');
});

test('a preview without another word shows nothing, and without an open line too', () => {
	const {outputs, captions} = runWithVad([...pad(20), 'we', ...pad(3, '_~')]);
	outputs.length = 0;
	captions.preview([withVad('_', 24)]);
	captions.close();
	captions.preview([withVad('word', 24)]);
	assert.deepEqual(
		outputs.map(({type}) => type),
		['final'],
	);
});

test('there is nothing to preview without a pause, without a word, and when all must be written', () => {
	assert.equal(runWithVad([...pad(20), 'word', '_']).captions.unwrittenPause, undefined);
	assert.equal(runWithVad(pad(20, '_~')).captions.unwrittenPause, undefined);
	assert.equal(runWithVad([...pad(20), 'word', ...pad(7, '_~')]).captions.unwrittenPause, undefined);
	// Without a VAD, three quiet frames are the pause, and it began with the first of them.
	assert.equal(run([...pad(20, '_!'), 'word!', ...pad(3)]).captions.unwrittenPause, 21);
	assert.equal(run([...pad(20, '_!'), 'word!', ...pad(2)]).captions.unwrittenPause, undefined);
});

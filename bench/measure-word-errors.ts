import {openAudio} from '../src/audio/open-audio.js';
import {type Engine, loadEngine} from '../src/engine/engine.js';
import {type WordErrors, wordErrors} from '../src/session/word-errors.js';
import type {Corpus} from './corpora.js';

/** Word errors of one corpus, summed over its clips. */
export type CorpusErrors = WordErrors & {source: string; isNewSpeaker: boolean};

/** Captions every clip with the package at `modelDir` and counts the words that are wrong, corpus by corpus. */
export async function measureWordErrors(
	modelDir: string,
	corpora: readonly Corpus[],
	onClip: (done: number, total: number) => void = () => {},
): Promise<CorpusErrors[]> {
	const engine = await loadEngine(modelDir, {threads: 1, framesPerCall: 4});
	const total = corpora.reduce((sum, {clips}) => sum + clips.length, 0);
	let done = 0;
	const measured: CorpusErrors[] = [];
	for (const {source, isNewSpeaker, clips} of corpora) {
		const sum = {words: 0, wrong: 0, substitutions: 0, insertions: 0, deletions: 0};
		for (const {file, reference} of clips) {
			const errors = wordErrors(reference, await captioned(engine, file));
			for (const kind of Object.keys(sum) as (keyof WordErrors)[]) sum[kind] += errors[kind];
			onClip(++done, total);
		}
		measured.push({source, isNewSpeaker, ...sum});
	}
	await engine.close();
	return measured;
}

/** All new speakers as one row: what a stranger may expect. */
export function newSpeakers(measured: readonly CorpusErrors[]): CorpusErrors {
	const rows = measured.filter(({isNewSpeaker}) => isNewSpeaker);
	const sum = (kind: keyof WordErrors) => rows.reduce((total, row) => total + row[kind], 0);
	return {
		source: 'new speakers together',
		isNewSpeaker: true,
		words: sum('words'),
		wrong: sum('wrong'),
		substitutions: sum('substitutions'),
		insertions: sum('insertions'),
		deletions: sum('deletions'),
	};
}

/** Words wrong in per cent of the words said. */
export const errorRate = ({wrong, words}: WordErrors): number => (100 * wrong) / words;

async function captioned(engine: Engine, file: string): Promise<string> {
	const texts: string[] = [];
	const stream = engine.createStream(({type, segment}) => {
		if (type === 'final') texts.push(segment.text);
	});
	const source = await openAudio(file, {sampleRate: engine.sampleRate});
	try {
		for await (const {samples} of source.chunks()) {
			stream.feed(samples);
			while (await stream.decode());
		}
	} finally {
		await source.close();
	}
	await stream.flush();
	return texts.join(' ');
}

import {readFileSync} from 'node:fs';
import path from 'node:path';
import {projectRoot} from '../test/project-root.js';

/** Recordings of one kind with their words. */
export type Corpus = {
	source: string;
	/** Whether training never heard these voices. */
	isNewSpeaker: boolean;
	clips: {file: string; reference: string}[];
};

const fixtures = path.join(projectRoot, 'test', 'fixtures');

/**
 * What word errors are measured on: the held-out set that comes with the checkpoint in `checkpointDir`, a reader that training heard, and readers it never heard.
 */
export function corpora(checkpointDir: string = path.join(fixtures, 'embedded')): Corpus[] {
	const audio = path.join(fixtures, 'audio');
	const readers = clipsOf(audio);
	const readBy = (name: RegExp) => readers.filter(({file}) => name.test(path.basename(file)));
	return [
		{source: 'held-out (synthetic voices)', isNewSpeaker: false, clips: clipsOf(path.join(checkpointDir, 'heldout'))},
		{source: 'LJSpeech (reader heard in training)', isNewSpeaker: false, clips: clipsOf(path.join(audio, 'ljspeech'))},
		{source: 'jfk (new speaker)', isNewSpeaker: true, clips: readBy(/^jfk/)},
		{source: 'two-cities (new speaker)', isNewSpeaker: true, clips: readBy(/^two-cities/)},
		{source: 'austen (new speaker)', isNewSpeaker: true, clips: readBy(/^austen/)},
	];
}

/** Reads `refs.tsv` of `folder`: a file and its words a line. */
function clipsOf(folder: string): Corpus['clips'] {
	const lines = readFileSync(path.join(folder, 'refs.tsv'), 'utf8').split('\n').filter(Boolean);
	return lines.map(line => {
		const [file, reference] = line.split('\t');
		return {file: path.join(folder, file!), reference: reference!};
	});
}

import {readModelPackage} from '../engine/model-package.js';
import {findPrepared, type PreparedState} from '../engine/prepared-copy.js';
import {listModels} from '../models/model-store.js';
import {safeLine} from '../session/safe-text.js';
import {chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {percent, withOutput} from './models-output.js';
import {errorSentence} from './sentence.js';

/** `pi-caption models verify`: a line for each model. */
export async function verifyCommand(ids: readonly string[], host: Host): Promise<ExitCode> {
	const wanted = ids.length > 0 ? await Promise.all(ids.map(id => chooseModel(id))) : await listModels();
	return withOutput(host, {asJson: false, interrupted: 'Interrupted.'}, async output => {
		let hasFailed = false;
		for (const [i, {id, dir}] of wanted.entries()) {
			host.signal.throwIfAborted();
			output.progress(`Reading ${id}: ${percent(i / wanted.length)}`);
			const {isWhole, sentence} = await verify(dir);
			hasFailed ||= !isWhole;
			output.progress(undefined);
			host.stdout.write(`${safeLine(`${id}: ${sentence}`)}\n`);
		}
		return hasFailed ? exitCode.failed : exitCode.done;
	});
}

async function verify(dir: string): Promise<{isWhole: boolean; sentence: string}> {
	try {
		const {files} = await readModelPackage(dir);
		const {state} = await findPrepared(dir, {isThorough: true});
		return {isWhole: state !== 'damaged', sentence: `all ${files.length} files are whole; ${preparedText[state]}.`};
	} catch (error) {
		return {isWhole: false, sentence: errorSentence(error)};
	}
}

/** What a prepared copy is, in words. */
export const preparedText: Record<PreparedState['state'], string> = {
	none: 'not prepared',
	stale: 'its prepared copy is of another model or machine and is not used',
	damaged: 'its prepared copy is damaged and is not used: `pi-caption models prepare` makes it anew',
	ready: 'prepared, and the copy is whole',
};

import {chooseScheme, storedScheme} from '../models/machine-scheme.js';
import {listModels} from '../models/model-store.js';
import {prepareModel} from '../models/prepare-model.js';
import {chooseModel} from './choose-model.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {percent, schemeSentence, withOutput} from './models-output.js';
import {errorSentence} from './sentence.js';

/** `pi-caption models prepare`: the machine's scheme, then a copy of each model. One that fails does not stop the others. */
export async function prepareCommand(
	ids: readonly string[],
	flags: {force?: true; json?: true},
	host: Host,
): Promise<ExitCode> {
	const wanted = ids.length > 0 ? await Promise.all(ids.map(id => chooseModel(id))) : await listModels();
	const interrupted = 'Interrupted; what was not ready is gone.';
	return withOutput(host, {asJson: flags.json === true, interrupted}, async output => {
		if (flags.force || !(await storedScheme())) {
			output.progress('Timing one layer in 4 and 8 bits on this machine…');
			const chosen = await chooseScheme({signal: host.signal});
			output.progress(undefined);
			output.event({type: 'scheme', ...chosen});
			output.message(`${schemeSentence(chosen)} The next model is converted so.`);
		}

		let hasFailed = false;
		for (const {id, dir} of wanted) {
			try {
				const isNew = await prepareModel(dir, {
					isForced: flags.force === true,
					signal: host.signal,
					onProgress: fraction => {
						output.progress(`Preparing ${id}: ${percent(fraction)}`);
						output.event({type: 'prepare', id, fraction});
					},
				});
				output.progress(undefined);
				output.event({type: 'prepared', id, isNew});
				output.message(`${id} ${isNew ? 'is prepared' : 'was prepared already, and its copy is whole'}.`);
			} catch (error) {
				host.signal.throwIfAborted();
				hasFailed = true;
				output.progress(undefined);
				output.event({type: 'failed', id, reason: errorSentence(error)});
				output.message(`${id} is not prepared: ${errorSentence(error)}`);
			}
		}
		return hasFailed ? exitCode.failed : exitCode.done;
	});
}

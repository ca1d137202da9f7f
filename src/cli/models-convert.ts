import path from 'node:path';
import {convertCheckpoint, recognise} from '../models/convert-checkpoint.js';
import {isModelId, listModels, modelFolders} from '../models/model-store.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import type {ConvertFlags} from './models.js';
import {percent, schemeFor, withOutput} from './models-output.js';
import {UsageError} from './usage-error.js';

/** `pi-caption models convert`. Throws `UsageError`, `ConvertError`. */
export async function convertCommand(dir: string, flags: ConvertFlags, host: Host): Promise<ExitCode> {
	const model = await recognise(dir);
	const id = flags.id ?? (flags.output ? idOf(flags.output) : (model?.id ?? idOf(dir)));
	if (!isModelId(id)) throw new UsageError(`\`${id}\` is no id for a model: give letters, digits, . _ or - with --id.`);
	if (flags.output === undefined) {
		const known = (await listModels()).find(one => one.id === id);
		if (known && !known.isInstalled) {
			throw new UsageError(`\`${id}\` comes with pi-caption: give another id with --id.`);
		}
	}
	const output = path.resolve(flags.output ?? path.join(modelFolders.installed, id));
	const interrupted = 'Interrupted; nothing was left behind.';
	return withOutput(host, {asJson: flags.json === true, interrupted}, async view => {
		const scheme = await schemeFor(flags.scheme, view, host);
		await convertCheckpoint(dir, {
			...{output, model, scheme, id, replace: flags.replace === true, signal: host.signal},
			onProgress: fraction => {
				view.progress(`Converting: ${percent(fraction)}`);
				view.event({type: 'convert', fraction});
			},
		});
		view.progress(undefined);
		view.event({type: 'done', id, dir: output});
		const name = flags.output === undefined ? id : output;
		view.message(`The package is in ${output}: \`pi-caption models prepare ${name}\` makes it load fast.`);
		return exitCode.done;
	});
}

/** A folder's name as an id: what an id may not have becomes `-`. */
const idOf = (folder: string) =>
	path
		.basename(path.resolve(folder))
		.replace(/[^A-Za-z0-9._-]+/g, '-')
		.replace(/^[^A-Za-z0-9]+/, '')
		.slice(0, 64);

import {ModelError} from '../models/model-error.js';
import {listModels, removeModel} from '../models/model-store.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {isAgreed} from './is-agreed.js';
import {withOutput} from './models-output.js';
import {UsageError} from './usage-error.js';

/** `pi-caption models remove`. Throws `UsageError` for a model that cannot be removed. */
export async function removeCommand(id: string, flags: {yes?: true}, host: Host): Promise<ExitCode> {
	const model = (await listModels()).find(one => one.id === id);
	const isAsked = model?.isInstalled && !flags.yes;
	if (isAsked && !(await isAgreed(`Remove ${id} from ${model.dir}?`, `say --yes to remove \`${id}\``, host))) {
		host.stderr.write('Not removed.\n');
		return exitCode.failed;
	}
	return withOutput(host, {asJson: false, interrupted: 'Interrupted.'}, async output => {
		await removeModel(id).catch(error => {
			throw error instanceof ModelError ? new UsageError(error.message, {cause: error}) : error;
		});
		output.message(`${id} is removed.`);
		return exitCode.done;
	});
}

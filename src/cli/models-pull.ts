import {catalogued} from '../models/catalogue.js';
import {sizeText} from '../models/disk-space.js';
import {checkBaseUrl, hubUrl} from '../models/hub-request.js';
import {ModelError} from '../models/model-error.js';
import {type PullEvent, pullCost, pullModel} from '../models/pull-model.js';
import {openSettings} from '../system/settings.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {isAgreed} from './is-agreed.js';
import type {PullFlags} from './models.js';
import {type ModelsOutput, percent, schemeFor, withOutput} from './models-output.js';
import {TransferRate, transferText} from './transfer-rate.js';
import {UsageError} from './usage-error.js';

/** `pi-caption models pull`. Throws `UsageError`, and what `pullModel` throws. */
export async function pullCommand(id: string, flags: PullFlags, host: Host): Promise<ExitCode> {
	const model = await catalogued(id, flags.catalogue).catch(error => {
		throw error instanceof ModelError && error.code === 'unknown'
			? new UsageError(error.message, {cause: error})
			: error;
	});
	const base = flags.baseUrl ?? host.env.PI_CAPTION_HUB ?? openSettings().values.modelHub ?? hubUrl;
	const baseUrl = checkBaseUrl(base);
	const asJson = flags.json === true;
	const interrupted = 'Interrupted; what was downloaded stays: the same command goes on with it.';
	return withOutput(host, {asJson, interrupted}, async output => {
		const scheme = await schemeFor(flags.scheme, output, host);
		const cost = await pullCost(model, {scheme, keepsCheckpoint: flags.keep});
		output.event({type: 'plan', id, scheme, licence: model.licence, ...cost});
		for (const line of [
			`${model.name}, from ${baseUrl.host}/${model.repository} at ${model.revision.slice(0, 12)}, stored in ${scheme}.`,
			`Licence ${model.licence.name}: ${model.licence.attribution}`,
			`It downloads ${sizeText(cost.downloadBytes)} and takes ${sizeText(cost.peakBytes)} of the disk at most, ${sizeText(cost.finalBytes)} in the end; ${sizeText(cost.freeBytes)} are free.`,
		]) {
			output.message(line);
		}
		if (!flags.yes && !(await isAgreed('Go on?', 'say --yes to take the licence and the download', host))) {
			output.message('Nothing was downloaded.');
			return exitCode.failed;
		}
		const rate = new TransferRate();
		const dir = await pullModel(model, {
			baseUrl,
			scheme,
			keepsCheckpoint: flags.keep === true,
			replace: flags.replace === true,
			signal: host.signal,
			onEvent: event => show(event, output, rate),
		});
		output.progress(undefined);
		output.event({type: 'done', id, dir});
		output.message(
			`${model.name} is in ${dir}: \`pi-caption transcribe --model ${id} FILE\`; \`pi-caption bench --model ${id}\` tells whether it can run live here.`,
		);
		return exitCode.done;
	});
}

function show(event: PullEvent, output: ModelsOutput, rate: TransferRate): void {
	switch (event.type) {
		case 'download': {
			const {file, receivedBytes, totalBytes} = event;
			rate.add(receivedBytes);
			output.progress(`Downloading ${file}: ${transferText(receivedBytes, totalBytes, rate.bytesPerSecond)}`);
			if (isDue(output)) {
				const bytesPerSecond = rate.bytesPerSecond === undefined ? null : Math.round(rate.bytesPerSecond);
				output.event({...event, bytesPerSecond});
			}
			break;
		}
		case 'retry':
			output.event(event);
			output.message(`${event.file}: ${event.reason}; again in ${Math.ceil(event.pauseMs / 1000)} s.`);
			break;
		case 'convert':
		case 'prepare':
			output.event(event);
			output.progress(`${event.type === 'convert' ? 'Converting' : 'Preparing'}: ${percent(event.fraction)}`);
			break;
		case 'unprepared':
			output.event(event);
			output.message(`It is not prepared: ${event.reason}`);
			break;
	}
}

/** When an output got its last event about the download: thousands of pieces come a second. */
const lastEventMs = new WeakMap<ModelsOutput, number>();
const eventEveryMs = 500;

function isDue(output: ModelsOutput): boolean {
	const now = performance.now();
	if (now - (lastEventMs.get(output) ?? Number.NEGATIVE_INFINITY) < eventEveryMs) return false;
	lastEventMs.set(output, now);
	return true;
}

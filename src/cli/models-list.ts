import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {preparedFile, preparedFolder} from '../engine/prepared-copy.js';
import {readCatalogue} from '../models/catalogue.js';
import {sizeText} from '../models/disk-space.js';
import {ratedModels} from '../models/live-default.js';
import {listModels} from '../models/model-store.js';
import {safeLine} from '../session/safe-text.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';
import {errorSentence} from './sentence.js';

/** `pi-caption models list`. Nothing is read whole: `verify` does that. */
export async function listCommand({asJson}: {asJson: boolean}, host: Host): Promise<ExitCode> {
	const rated = await ratedModels();
	const here = await Promise.all(
		(await listModels()).map(async model => {
			const {id, dir, isInstalled} = model;
			const bytes = await folderBytes(dir);
			if ('error' in model) return {id, dir, isInstalled, bytes, error: errorSentence(model.error)};
			const {name, languages, quantisation, licence, delayMs} = model.manifest;
			const {rtf, isLive} = rated.find(one => one.id === id)!;
			const isPrepared = await exists(path.join(await preparedFolder(dir), preparedFile));
			return {id, dir, isInstalled, bytes, name, languages, quantisation, licence, delayMs, isPrepared, isLive, rtf};
		}),
	);
	const pullable = (await readCatalogue()).filter(({id}) => here.every(one => one.id !== id));
	if (asJson) {
		const others = pullable.map(({id, name, languages, licence, files}) => ({
			...{id, name, languages, licence},
			downloadBytes: files.reduce((sum, {size}) => sum + size, 0),
		}));
		host.stdout.write(`${JSON.stringify({here, pullable: others})}\n`);
		return exitCode.done;
	}

	const width = Math.max(...[...here, ...pullable].map(({id}) => id.length));
	const line = (id: string, text: string) => host.stdout.write(`${safeLine(id).padEnd(width)}  ${safeLine(text)}\n`);
	for (const model of here) {
		if ('error' in model) {
			line(model.id, `damaged: ${model.error}`);
			continue;
		}
		const {id, name, languages, quantisation, bytes, licence, isInstalled, isPrepared} = model;
		line(id, `${name}; ${languages.join(', ')}; ${quantisation}, ${sizeText(bytes)}; ${licence.name}`);
		const state = [isInstalled ? 'installed' : 'comes with pi-caption', isPrepared ? 'prepared' : 'not prepared'];
		line('', [...state, liveText(model)].join('; '));
	}
	for (const {id, name, summary, files, licence} of pullable) {
		const bytes = files.reduce((sum, {size}) => sum + size, 0);
		line(id, `${name}; ${summary}; ${licence.name}`);
		line('', `not here: \`pi-caption models pull ${id}\` downloads ${sizeText(bytes)}`);
	}
	return exitCode.done;
}

function liveText({id, isLive, rtf}: {id: string; isLive: boolean; rtf: number | undefined}): string {
	const factor = rtf === undefined ? '' : ` (RTF ${rtf.toFixed(2)})`;
	if (isLive) return `live${factor}`;
	if (rtf !== undefined) return `too heavy to run live here${factor}: for \`redo\` and recordings`;
	return `for \`redo\` and recordings until \`pi-caption bench --model ${id}\` says that it keeps up`;
}

async function folderBytes(folder: string): Promise<number> {
	const names = await readdir(folder, {recursive: true}).catch(() => []);
	const sizes = await Promise.all(
		names.map(name =>
			stat(path.join(folder, name)).then(
				info => (info.isFile() ? info.size : 0),
				() => 0,
			),
		),
	);
	return sizes.reduce((sum, size) => sum + size, 0);
}

const exists = (file: string) =>
	stat(file).then(
		() => true,
		() => false,
	);

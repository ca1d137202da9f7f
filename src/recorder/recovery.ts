import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {sweepDeleted} from '../session/delete-session.js';
import {safeLine} from '../session/safe-text.js';
import {claimants} from '../session/session-claim.js';
import {readSessionRecord} from '../session/session-folder.js';
import {shortTime} from '../session/time-text.js';
import type {Settings} from '../system/settings.js';
import {type Recovered, recoverSession} from './recover-session.js';

/** Who hears of a recovery. */
export type RecoveryOptions = {
	log(line: string): void;
	notice(key: string, sentence: string | undefined): void;
	onChange(): void;
};

/** Folders of sessions in `sessionsFolder` that were not ended properly and that nobody works on, oldest first. */
export async function interruptedSessions(sessionsFolder: string): Promise<string[]> {
	const names = await readdir(sessionsFolder).catch(() => []);
	const folders = names.sort().map(name => path.join(sessionsFolder, name));
	const found: string[] = [];
	for (const folder of folders) {
		const record = await readSessionRecord(folder).catch(() => undefined);
		if (record?.state === 'recording' && claimants(folder).length === 0) found.push(folder);
	}
	return found;
}

/**
 * Recovers interrupted sessions, one after the other, and ends interrupted deletions, while nothing is recorded: what it computes is then nobody's captions. Says what happened and what it does about it.
 */
export class Recovery {
	readonly #options: RecoveryOptions;
	#abort = new AbortController();
	#running: Promise<void> | undefined;
	/** Those that could not be recovered: tried once. */
	readonly #refused = new Set<string>();

	constructor(options: RecoveryOptions) {
		this.#options = options;
	}

	/** Whether a recovery is under way. */
	get isRunning(): boolean {
		return this.#running !== undefined;
	}

	/** Begins, or goes on with, what there is to recover; never throws. */
	begin(settings: Settings): void {
		if (this.#running) return;
		this.#abort = new AbortController();
		this.#running = this.#recoverAll(settings, this.#abort.signal)
			.catch((error: Error) => this.#options.log(`Sessions could not be recovered: ${error.message}`))
			.finally(() => {
				this.#running = undefined;
				this.#options.onChange();
			});
	}

	/** Leaves what is not recovered for later; resolves when nothing is touched any more. */
	async pause(): Promise<void> {
		this.#abort.abort();
		await this.#running;
	}

	async #recoverAll(settings: Settings, signal: AbortSignal): Promise<void> {
		await sweepDeleted(settings.sessionsFolder);
		for (const folder of await interruptedSessions(settings.sessionsFolder)) {
			if (signal.aborted) return;
			if (this.#refused.has(folder)) continue;
			const name = path.basename(folder);
			this.#options.log(`Recovers ${name}.`);
			this.#options.notice(
				'recovery',
				`The session ${name} was broken off; what its captions lack is made up for now.`,
			);
			try {
				const recovered = await recoverSession(folder, {settings, signal});
				if (!recovered) {
					this.#options.notice(
						'recovery',
						`The session ${name} was broken off: it is recovered when nothing is recorded.`,
					);
					return;
				}
				this.#options.log(`Recovered ${name}: ${recovered.nFinals} captions more.`);
				this.#options.notice('recovery', sentence(recovered));
			} catch (error) {
				this.#refused.add(folder);
				this.#options.log(`${name} cannot be recovered: ${(error as Error).message}`);
				this.#options.notice(
					'recovery',
					`The session ${name} was broken off and cannot be recovered by itself (${safeLine((error as Error).message)}): \`pi-caption recover ${name}\` tries again; nothing of it was changed.`,
				);
			}
		}
	}
}

function sentence({folder, title, lastWallMs, tapeMs, nFinals}: Recovered): string {
	const when = lastWallMs === undefined ? '' : ` on ${new Date(lastWallMs).toLocaleString('sv-SE').slice(0, 16)}`;
	const madeUp = nFinals === 1 ? '1 caption was' : `${nFinals} captions were`;
	const captions = nFinals === 0 ? 'its captions were complete' : `${madeUp} made up for`;
	return `The session ${safeLine(title)} was broken off${when} after ${shortTime(tapeMs)}: it is saved, and ${captions}. It is in ${folder}`;
}

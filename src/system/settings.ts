import {chmodSync, mkdirSync, readFileSync, renameSync} from 'node:fs';
import path from 'node:path';
import Conf from 'conf';
import {z} from 'zod';
import {configFolder, defaultSessionsFolder} from './folders.js';

/** Everything that can be set, with what counts where nothing is. Each value that is no secret of the program is one that a person may type into the file. */
export const settingsSchema = z.object({
	/** Microphone by name or number; the system's default where it is not set. Untrusted. */
	device: z.string().max(1000).optional(),
	/** Which channel of the microphone is heard, from 1; `mix` takes all of them. */
	channel: z.union([z.literal('mix'), z.number().int().min(1).max(64)]).default('mix'),
	/** Id or folder of the model; the best one for this machine where it is not set. */
	model: z.string().max(1000).optional(),
	/** Where models are pulled from; the hub where it is not set. */
	modelHub: z
		.url({protocol: /^https?$/})
		.max(2000)
		.optional(),
	/** 1, 2 or 4 frames a call (design §5). */
	latency: z.enum(['low', 'balanced', 'saver']).default('balanced'),
	/** Cores for the model; all but one where it is not set. */
	threads: z.number().int().min(1).max(64).optional(),
	/** How the live screen looks (`ui/live/look.ts`). */
	theme: z.enum(['plain', 'colour', 'dim', 'bold']).default('plain'),
	textSize: z.enum(['normal', 'spaced', 'narrow', 'wide']).default('normal'),
	/** Action → key, for those that are not as they come. */
	keys: z.record(z.string().max(50), z.string().max(50)).default({}),
	/** Where sessions are kept: an absolute path. */
	sessionsFolder: z
		.string()
		.max(4096)
		.refine(path.isAbsolute, 'give an absolute path')
		.default(() => defaultSessionsFolder),
	/** How long the audio of a session is kept: for ever, or until its transcript is written and read back. */
	keepAudio: z.enum(['forever', 'until-transcribed']).default('forever'),
	/** Ring the terminal's bell where something needs attention. */
	bell: z.boolean().default(false),
	/** Captions as plain lines instead of a screen. */
	plain: z.boolean().default(false),
	/** A recording ends by itself after so many hours, or when the disk has so little left. */
	maxHours: z.number().positive().max(1000).default(6),
	minFreeMb: z.number().nonnegative().max(1_000_000).default(500),
});

/** What is set, and what counts where nothing is. */
export type Settings = z.infer<typeof settingsSchema>;
/** Name of a setting. */
export type SettingName = keyof Settings;

/** Names of all settings, in the order in which they are shown. */
export const settingNames = Object.keys(settingsSchema.shape) as SettingName[];

/** A setting that cannot be read or written as it is, in one sentence that says what was expected, what came and what to do. */
export class SettingsError extends Error {
	override name = 'SettingsError';
}

/** The settings file. */
export type SettingsFile = {
	readonly file: string;
	/** What counts. */
	readonly values: Settings;
	/** Names of the settings that the file has and that are good. */
	readonly isSet: ReadonlySet<SettingName>;
	/** What was odd in the file, as whole sentences; untrusted texts. */
	readonly warnings: readonly string[];
	/** Sets `name` (`keys.ACTION` for one key) to what `text` spells, and keeps everything else in the file as it is. Throws `SettingsError`. */
	set(name: string, text: string): void;
	/** What counts is the default again. Throws `SettingsError`. */
	unset(name: string): void;
};

/**
 * Opens the settings in `folder`. A file that is no JSON object is set aside under a name with its date, never overwritten; a value that cannot be is left in the file and does
 * not count, and what is unknown stays: another version of the program may know it. `warnings` say so. Throws `SettingsError` where the file cannot be read.
 */
export function openSettings(folder: string = configFolder): SettingsFile {
	const file = path.join(folder, 'settings.json');
	const warnings: string[] = [];
	try {
		mkdirSync(folder, {recursive: true, mode: 0o700});
		setBrokenAside(file, warnings);
		return new OpenSettings(folder, file, warnings);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === undefined || error instanceof SettingsError) throw error;
		throw new SettingsError(`The settings in ${file} cannot be read (${code}): look at its owner and permissions.`, {
			cause: error,
		});
	}
}

class OpenSettings implements SettingsFile {
	readonly file: string;
	readonly warnings: readonly string[];
	readonly #conf: Conf<Record<string, unknown>>;
	#values!: Settings;
	#isSet!: ReadonlySet<SettingName>;

	constructor(folder: string, file: string, warnings: string[]) {
		this.file = file;
		this.warnings = warnings;
		this.#conf = new Conf({
			cwd: folder,
			configName: 'settings',
			configFileMode: 0o600,
			clearInvalidConfig: false,
			accessPropertiesByDotNotation: false,
		});
		warnings.push(...this.#read());
	}

	get values(): Settings {
		return this.#values;
	}

	get isSet(): ReadonlySet<SettingName> {
		return this.#isSet;
	}

	set(given: string, text: string): void {
		const {name, action} = this.#known(given);
		const wanted = action === undefined ? spelled(text) : {...this.#values.keys, [action]: text};
		const field = settingsSchema.shape[name];
		// What reads like a number or a truth may be meant as text: a device's name, a folder, a key.
		const parsed = field.safeParse(wanted);
		const good = parsed.success ? parsed : field.safeParse(text);
		if (!good.success) throw new SettingsError(`\`${name}\` ${expected(name, good.error)}; it was given \`${text}\`.`);
		this.#write(name, good.data);
	}

	unset(given: string): void {
		const {name, action} = this.#known(given);
		const {[action ?? '']: _gone, ...keys} = this.#values.keys;
		if (action !== undefined && Object.keys(keys).length > 0) this.#write(name, keys);
		else {
			this.#conf.delete(name);
			this.#read();
		}
	}

	#write(name: SettingName, value: unknown): void {
		this.#conf.set(name, value);
		// A file that was there keeps its mode when it is written over.
		chmodSync(this.file, 0o600);
		this.#read();
	}

	#known(given: string): {name: SettingName; action?: string} {
		const action = /^keys\.(.+)$/.exec(given)?.[1];
		if (action !== undefined) return {name: 'keys', action};
		const name = settingNames.find(one => one === given);
		if (name === undefined) {
			throw new SettingsError(`There is no setting \`${given}\`; there are ${settingNames.join(', ')}.`);
		}
		if (name === 'keys') throw new SettingsError('Name the action too: `keys.ACTION`.');
		return {name};
	}

	/** Takes every good value of the file, and returns a sentence for each other one. */
	#read(): string[] {
		const {store} = this.#conf;
		const good: Record<string, unknown> = {};
		const complaints: string[] = [];
		for (const name of settingNames) {
			if (!(name in store)) continue;
			const parsed = settingsSchema.shape[name].safeParse(store[name]);
			if (parsed.success) good[name] = parsed.data;
			else complaints.push(`In ${this.file}, \`${name}\` ${expected(name, parsed.error)}: the default counts.`);
		}
		for (const name of Object.keys(store)) {
			if (name in settingsSchema.shape) continue;
			complaints.push(`In ${this.file}, \`${name}\` is no setting of this version.`);
		}
		this.#values = settingsSchema.parse(good);
		this.#isSet = new Set(settingNames.filter(name => name in good));
		return complaints;
	}
}

/** `text` as JSON would have it where it is a number or a truth, else as it is. */
const spelled = (text: string): unknown => (/^(?:-?\d+(?:\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text);

/** `should be one of "low"|"balanced"|"saver"`. */
function expected(name: SettingName, error: z.ZodError): string {
	if (name === 'channel') return 'should be `mix` or a number from 1 to 64';
	const [issue] = error.issues;
	return `is not as it should be (${issue?.message ?? 'unknown'})`;
}

function setBrokenAside(file: string, warnings: string[]): void {
	const problem = problemOf(file);
	if (problem === undefined) return;
	const date = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
	const aside = path.join(path.dirname(file), `settings.broken-${date}.json`);
	renameSync(file, aside);
	warnings.push(`The settings in ${file} are ${problem}: they were set aside as ${aside}, and the defaults count.`);
}

/** Why the file cannot hold settings; undefined where it can, or is not there. */
function problemOf(file: string): string | undefined {
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		const json = JSON.parse(text);
		return json !== null && typeof json === 'object' && !Array.isArray(json) ? undefined : 'no JSON object';
	} catch {
		return 'no JSON';
	}
}

import {Command} from 'commander';
import {safeLine} from '../session/safe-text.js';
import type {SettingsFile} from '../system/settings.js';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const examples = `
Examples:
  pi-caption config                                where everything is, and what is set
  pi-caption config set latency saver
  pi-caption config set keepAudio until-transcribed
  pi-caption config set keys.mark M
  pi-caption config unset latency
  pi-caption config --json

A settings file that is broken is set aside, never overwritten.
Exit codes: 0 done, 1 failed, 2 wrong usage.`;

/** `pi-caption config`: where the files are, what is set, and setting it. */
export function configCommand(host: Host, end: (code: ExitCode) => void): Command {
	return new Command('config')
		.summary('show and change the settings')
		.description('Shows where the files are and what is set, or changes a setting.')
		.argument('[action]', '`set` KEY VALUE or `unset` KEY')
		.argument('[key]', 'name of a setting')
		.argument('[value]', 'what it should be')
		.option('--json', 'as JSON')
		.addHelpText('after', examples)
		.action(
			async (action: string | undefined, key: string | undefined, value: string | undefined, flags: {json?: true}) => {
				const {print} = await import('./saved-sessions.js');
				const {UsageError} = await import('./usage-error.js');
				const settings = await host.openSettings();
				for (const sentence of settings.warnings) host.stderr.write(`${safeLine(sentence)}\n`);
				if (action === 'set' && key !== undefined && value !== undefined) settings.set(key, value);
				else if (action === 'unset' && key !== undefined && value === undefined) settings.unset(key);
				else if (action !== undefined)
					throw new UsageError('Write `config set KEY VALUE`, `config unset KEY`, or `config` alone.');
				else end(await print(host, await (flags.json ? asJson(settings) : asTable(settings))));
			},
		);
}

/** Where everything is. */
async function folders({file, values}: SettingsFile): Promise<[string, string][]> {
	const {cacheFolder, modelsFolder, stateFolder} = await import('../system/folders.js');
	return [
		['settings', file],
		['sessions', values.sessionsFolder],
		['models', modelsFolder],
		['state and logs', stateFolder],
		['cache', cacheFolder],
	];
}

async function asJson(settings: SettingsFile): Promise<string> {
	const {values, isSet} = settings;
	return `${JSON.stringify({folders: Object.fromEntries(await folders(settings)), settings: values, isSet: [...isSet]}, undefined, '\t')}\n`;
}

async function asTable(settings: SettingsFile): Promise<string> {
	const {settingNames} = await import('../system/settings.js');
	const {values, isSet} = settings;
	const width = Math.max(...settingNames.map(name => name.length));
	const lines = settingNames.map(name => {
		const value = values[name];
		const shown = value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
		return `${name.padEnd(width)}  ${isSet.has(name) ? safeLine(shown) : `${safeLine(shown)} (default)`.trim()}`;
	});
	const places = (await folders(settings)).map(([name, folder]) => `${name.padEnd(width)}  ${safeLine(folder)}`);
	return [...places, '', ...lines].map(line => `${line}\n`).join('');
}

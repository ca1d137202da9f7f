import {Command} from 'commander';
import type {ExitCode} from './exit-code.js';
import type {Host} from './host.js';

const about = `
The service keeps a recorder ready: it starts when you log in, or with the machine where linger is on, with the microphone
closed. \`pi-caption\` then only attaches to it. With --record-at-boot it begins a recording by itself, and every viewer says so.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 (status) not installed or not running.`;

/** `pi-caption service`: its commands. What they do is loaded when it is run. */
export function serviceCommand(host: Host, end: (code: ExitCode) => void): Command {
	const service = new Command('service')
		.summary('keep a recorder ready as a systemd user service')
		.description('Keeps a recorder ready as a systemd user service.')
		.addHelpText('after', about);
	service
		.command('install')
		.summary('install and start the service')
		.option('--record-at-boot', 'begin a recording by itself when the service starts')
		.action(async (flags: {recordAtBoot?: true}) => {
			const {installService} = await import('./run-service.js');
			end(await installService(flags.recordAtBoot === true, host));
		});
	service
		.command('uninstall')
		.summary('end and remove the service; recordings stay')
		.action(async () => {
			const {uninstallService} = await import('./run-service.js');
			end(await uninstallService(host));
		});
	service
		.command('status')
		.summary('say whether the service is installed and running')
		.action(async () => {
			const {showService} = await import('./run-service.js');
			end(await showService(host));
		});
	service
		.command('end', {hidden: true})
		.description('Ends the session and the recorder: what systemd runs to stop the service.')
		.action(async () => {
			const {endService} = await import('./run-service.js');
			end(await endService());
		});
	return service;
}

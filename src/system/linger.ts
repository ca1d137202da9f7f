import {existsSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Where to look, for tests that bring their own files. */
export type LingerOptions = {
	/** @default '/' */
	root?: string;
	/** @default the user that runs this */
	user?: string;
};

/**
 * Whether the user's last logout ends the user's services, PipeWire and PulseAudio among them (design §2): where systemd watches over logins and linger is off for the user. A process with
 * its own session goes on.
 */
export function endsAtLogout({root = '/', user = os.userInfo().username}: LingerOptions = {}): boolean {
	const watchesLogins = ['run/systemd/seats', 'run/systemd/users'].some(file => existsSync(path.join(root, file)));
	return watchesLogins && user !== 'root' && !existsSync(path.join(root, 'var/lib/systemd/linger', user));
}

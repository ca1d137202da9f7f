import {existsSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * What to say before recording where the last logout would end the user's sound server, and the microphone with it; undefined where it would not: linger is on, or
 * this machine has no systemd. `root` is for tests.
 */
export function lingerWarning(user: string = os.userInfo().username, root = '/'): string | undefined {
	const hasLogind =
		existsSync(path.join(root, 'run/systemd/seats')) || existsSync(path.join(root, 'run/systemd/users'));
	if (!hasLogind || user === 'root' || existsSync(path.join(root, 'var/lib/systemd/linger', user))) return undefined;
	return `Linger is off for ${user}: when you log out everywhere, the sound server ends and the microphone with it. \`sudo loginctl enable-linger ${user}\` keeps it.`;
}

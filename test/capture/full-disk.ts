import {existsSync} from 'node:fs';
import {open} from 'node:fs/promises';

// Loaded into a process (`--import`): its files take nothing while the file that FULL_DISK names is there. For machines that let nobody mount a small disk.

const handle = await open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const write = prototype.write;
prototype.write = function (...args: unknown[]) {
	if (existsSync(process.env.FULL_DISK ?? '')) {
		const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {code: 'ENOSPC'});
		return Promise.reject(full);
	}
	return write.apply(this, args);
};

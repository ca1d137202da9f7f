import {statfs} from 'node:fs/promises';

/** When a recording ends by itself. */
export type Limits = {
	/** Length of its tape, in hours. */
	maxHours: number;
	/** Megabytes (10⁶ bytes) that the disk is to keep free. */
	minFreeMb: number;
};

/** Why a tape of `tapeMs` in `folder` has to end now, one sentence; undefined while it need not. A disk that does not tell is no reason. */
export async function limitReached(folder: string, tapeMs: number, limits: Limits): Promise<string | undefined> {
	const {maxHours, minFreeMb} = limits;
	if (tapeMs >= maxHours * 3_600_000) {
		return `The recording ended by itself after ${maxHours} h, as the setting maxHours says.`;
	}
	const freeMb = await freeMegabytes(folder);
	if (freeMb === undefined || freeMb >= minFreeMb) return undefined;
	return `The recording ended by itself with ${Math.floor(freeMb)} MB of disk left: the setting minFreeMb keeps ${minFreeMb} MB free.`;
}

async function freeMegabytes(folder: string): Promise<number | undefined> {
	try {
		const {bavail, bsize} = await statfs(folder);
		return (bavail * bsize) / 1e6;
	} catch {
		return undefined;
	}
}

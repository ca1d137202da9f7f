import path from 'node:path';
import envPaths from 'env-paths';

const paths = envPaths('pi-caption', {suffix: ''});

/** Sessions, and models that were installed: `~/.local/share/pi-caption`. */
export const dataFolder: string = paths.data;

/** Settings: `~/.config/pi-caption`. */
export const configFolder: string = paths.config;

/** What may be deleted at any time: `~/.cache/pi-caption`. */
export const cacheFolder: string = paths.cache;

/** Sockets, the recorder's record and logs: `~/.local/state/pi-caption`. */
export const stateFolder: string = paths.log;

/** Sockets and the recorder's record, 0700. Not below `XDG_RUNTIME_DIR`, which ends with the last login (design §2). */
export const runFolder: string = path.join(stateFolder, 'run');

/** Sessions, unless the settings say otherwise. */
export const defaultSessionsFolder: string = path.join(dataFolder, 'sessions');

/** Model packages that were pulled or converted. */
export const modelsFolder: string = path.join(dataFolder, 'models');

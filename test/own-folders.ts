import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after} from 'node:test';

// Imported before everything else: settings, models and records of this test file are its own.

/** The folder that has them. */
export const ownFolder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-own-'));

/** Variables that say so, for child processes. */
export const ownEnvironment: Record<string, string> = Object.fromEntries(
	['CACHE', 'CONFIG', 'DATA', 'STATE'].map(name => [`XDG_${name}_HOME`, path.join(ownFolder, name.toLowerCase())]),
);

Object.assign(process.env, ownEnvironment);
after(() => rmSync(ownFolder, {recursive: true, force: true}));

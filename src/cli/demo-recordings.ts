import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';
import {projectRoot} from '../system/project-root.js';

const schema = z
	.array(
		z.object({
			file: z.string().regex(/^[A-Za-z0-9._-]+$/),
			/** Stands before its captions. */
			title: z.string(),
			/** How it is called in the result: `2 of 31 for the …`. */
			shortName: z.string(),
			source: z.string(),
			licence: z.string(),
			/** What is said. */
			reference: z.string(),
		}),
	)
	.min(1);

/** A recording that comes with the project; `path` is absolute. */
export type DemoRecording = z.infer<typeof schema>[number] & {path: string};

/** The recordings of `models/demo/demo.json`, in the order in which they are shown. Throws where the file is not as it should be. */
export async function demoRecordings(folder = path.join(projectRoot, 'models', 'demo')): Promise<DemoRecording[]> {
	const list = schema.parse(JSON.parse(await readFile(path.join(folder, 'demo.json'), 'utf8')));
	return list.map(recording => ({...recording, path: path.join(folder, recording.file)}));
}

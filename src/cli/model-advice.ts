import {readCatalogue} from '../models/catalogue.js';
import {sizeText} from '../models/disk-space.js';

/** How to get a real model when only the one that comes along is here: the command, and what it downloads. Undefined where the catalogue cannot be read. */
export async function modelAdvice(): Promise<string | undefined> {
	const models = await readCatalogue().catch(() => []);
	const sized = models.map(({id, files}) => ({id, bytes: files.reduce((sum, {size}) => sum + size, 0)}));
	const [smallest] = sized.sort((a, b) => a.bytes - b.bytes);
	return smallest && `A real one: \`pi-caption models pull ${smallest.id}\` (${sizeText(smallest.bytes)})`;
}

import {parseArgs} from 'node:util';
import {writeSyntheticCheckpoint} from '../src/convert/synthetic-checkpoint.js';
import {type SyntheticModel, syntheticModels} from '../src/convert/synthetic-shapes.js';

// node build/bench/synthetic-checkpoint.js kyutai-1b|kyutai-2.6b FOLDER: a checkpoint of the published names, shapes and dtypes, with seeded random weights.

export {type SyntheticModel, writeSyntheticCheckpoint};

if (process.argv[1] === import.meta.filename) {
	const [model, folder] = parseArgs({allowPositionals: true}).positionals;
	if (!syntheticModels.includes(model as SyntheticModel) || !folder) {
		console.error(`Usage: node build/bench/synthetic-checkpoint.js ${syntheticModels.join('|')} FOLDER`);
		process.exit(2);
	}
	await writeSyntheticCheckpoint(model as SyntheticModel, folder);
}

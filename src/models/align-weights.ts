import {open, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fromBinary, toBinary} from '@bufbuild/protobuf';
import {ModelProtoSchema, type TensorProto} from '../convert/onnx/onnx_pb.js';
import {WeightsFile} from '../convert/onnx/weights-file.js';
import {ModelError} from './model-error.js';

/** A run of bytes in a weights file. */
type Span = {offset: number; length: number};

/**
 * Copies a graph that ONNX Runtime has saved, `<graph>.onnx` and `<graph>.weights`, from one folder to another and puts each tensor and each packed one at the next multiple of
 * 64 KiB: it saves small ones anywhere, where no page begins and no float is aligned. `onPiece` is called now and then; throwing ends the copy. Throws `ModelError`.
 */
export async function alignWeights(from: string, to: string, graph: string, onPiece: () => void): Promise<void> {
	const model = fromBinary(ModelProtoSchema, await readFile(path.join(from, `${graph}.onnx`)));
	const source = await open(path.join(from, `${graph}.weights`), 'r');
	const {size} = await source.stat();
	const weights = await WeightsFile.create(path.join(to, `${graph}.weights`));
	const buffer = Buffer.allocUnsafeSlow(1 << 22);
	async function* pieces({offset, length}: Span) {
		for (let done = 0; done < length; ) {
			onPiece();
			const wanted = Math.min(buffer.length, length - done);
			const {bytesRead} = await source.read(buffer, 0, wanted, offset + done);
			if (bytesRead === 0) throw unexpected(`${graph}.weights ends too soon`);
			yield buffer.subarray(0, bytesRead);
			done += bytesRead;
		}
	}
	const move = async (span: Span) => {
		if (!(span.offset >= 0 && span.length >= 0 && span.offset + span.length <= size)) {
			throw unexpected(`${graph}.onnx points outside its weights`);
		}
		return weights.append(pieces(span));
	};
	try {
		for (const tensor of model.graph?.initializer ?? []) await moveTensor(tensor, move);
		await weights.finish();
	} catch (error) {
		await weights.abandon().catch(() => {});
		throw error;
	} finally {
		await source.close();
	}
	await writeFile(path.join(to, `${graph}.onnx`), toBinary(ModelProtoSchema, model), {flag: 'wx', flush: true});
}

/** `<key>|<offset>;<length>;<checksum>|…`: the packed forms of one tensor for one operator. */
const prepacked = /^([^|]+)((?:\|\d+;\d+;\d+)+)$/;

async function moveTensor(tensor: TensorProto, move: (span: Span) => Promise<Span>): Promise<void> {
	if (tensor.externalData.length === 0) return;
	const entry = (key: string) => tensor.externalData.find(one => one.key === key);
	const [offset, length] = [entry('offset'), entry('length')];
	if (!offset || !length) throw unexpected(`the tensor ${tensor.name} does not say where its weights are`);
	const moved = await move({offset: Number(offset.value), length: Number(length.value)});
	offset.value = String(moved.offset);
	for (const one of tensor.externalData.filter(({key}) => key.startsWith('prepacked_'))) {
		const [, key, blobs] = prepacked.exec(one.value) ?? [];
		if (!key || !blobs) throw unexpected(`the packed weights of ${tensor.name} are described in an unknown way`);
		const places: string[] = [];
		for (const blob of blobs.slice(1).split('|')) {
			const [offset, length, checksum] = blob.split(';');
			const moved = await move({offset: Number(offset), length: Number(length)});
			places.push([moved.offset, length, checksum].join(';'));
		}
		one.value = [key, ...places].join('|');
	}
}

const unexpected = (what: string) =>
	new ModelError('native', `ONNX Runtime prepared the model in a way that is not understood: ${what}.`);

import {open} from 'node:fs/promises';
import {create, type MessageInitShape, toBinary} from '@bufbuild/protobuf';
import {
	type AttributeProto,
	AttributeProtoSchema,
	AttributeProto_AttributeType as AttributeType,
	TensorProto_DataLocation as DataLocation,
	TensorProto_DataType as DataType,
	GraphProtoSchema,
	ModelProtoSchema,
	type NodeProto,
	NodeProtoSchema,
	type TensorProto,
	TensorProtoSchema,
	type ValueInfoProto,
	ValueInfoProtoSchema,
} from './onnx_pb.js';
import type {WeightsFile} from './weights-file.js';

/** Element types of the tensors that we write. */
export type ElementType = 'float' | 'double' | 'uint8' | 'int64' | 'bfloat16';

/** Element types of a graph's inputs and outputs; a bool is never a tensor that we write. */
export type ValueType = ElementType | 'bool';

/** A dimension: a count, or the name of one that varies from call to call. */
export type Dim = number | string;

/** Integers are int64 attributes; a float attribute is wrapped, since 1 and 1.0 are the same number here. */
export type Attribute = number | string | readonly number[] | {float: number};

/** What an operator gets beside its inputs. `outputs` gives their names, which are made up otherwise. */
export type NodeOptions = {
	attributes?: Record<string, Attribute>;
	domain?: 'com.microsoft';
	outputs?: readonly string[];
};

/** Versions that the graphs are written against (specs: kyutai-stt §7.1; ONNX Runtime ≥ 1.22 reads them). */
const irVersion = 11n;
const opsets = [
	{domain: '', version: 23n},
	{domain: 'com.microsoft', version: 1n},
];

/** What ONNX calls each element type, for the `to` of a `Cast`. */
export const elementCode: Record<ElementType, number> = {
	float: DataType.FLOAT,
	double: DataType.DOUBLE,
	uint8: DataType.UINT8,
	int64: DataType.INT64,
	bfloat16: DataType.BFLOAT16,
};

/**
 * One ONNX graph under construction. Values are named by strings: every method that makes one returns its name, to be passed on as an input.
 * Nodes must be added in the order in which they can run.
 */
export class GraphBuilder {
	readonly #nodes: NodeProto[] = [];
	readonly #initializers: TensorProto[] = [];
	readonly #inputs: ValueInfoProto[] = [];
	readonly #outputs: ValueInfoProto[] = [];
	readonly #names = new Set<string>();

	/** `weights` takes the large tensors. */
	constructor(
		readonly name: string,
		private readonly weights: WeightsFile,
	) {}

	/** Declares a graph input. */
	input(name: string, type: ValueType, dims: readonly Dim[]): string {
		this.#claim(name);
		this.#inputs.push(valueInfo(name, type, dims));
		return name;
	}

	/** Declares `name`, made by a node, to be a graph output. */
	output(name: string, type: ValueType, dims: readonly Dim[]): void {
		this.#outputs.push(valueInfo(name, type, dims));
	}

	/** Adds an operator with one output and returns that. An empty input name leaves an optional input out. */
	node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
		return this.nodes(opType, inputs, 1, options)[0]!;
	}

	/** Adds an operator with `count` outputs and returns them. */
	nodes(opType: string, inputs: readonly string[], count: number, options: NodeOptions = {}): string[] {
		const outputs = options.outputs ?? Array.from({length: count}, (_, i) => this.#freshName(`${opType}.${i}`));
		for (const output of outputs) this.#claim(output);
		this.#nodes.push(
			create(NodeProtoSchema, {
				input: [...inputs],
				output: [...outputs],
				name: this.#freshName(opType),
				opType,
				domain: options.domain ?? '',
				attribute: Object.entries(options.attributes ?? {}).map(([name, value]) => attribute(name, value)),
			}),
		);
		return [...outputs];
	}

	/** A small tensor inside the graph's file: f32, row-major; a scalar where `dims` is empty. */
	floats(values: ArrayLike<number>, dims: readonly number[]): string {
		return this.#inline('float', bytesOf(Float32Array.from(values)), dims);
	}

	/** A small int64 tensor inside the graph's file: shapes, axes, bounds. */
	int64s(values: readonly number[], dims: readonly number[] = [values.length]): string {
		return this.#inline('int64', bytesOf(BigInt64Array.from(values, BigInt)), dims);
	}

	/** A uint8 scalar inside the graph's file. */
	uint8(value: number): string {
		return this.#inline('uint8', Uint8Array.of(value), []);
	}

	/**
	 * A tensor of any size, given piece by piece (little-endian, row-major). A small one goes inside the graph's file, a large one into the weights file,
	 * without ever being in memory whole. Throws if the pieces do not fill `dims`.
	 */
	async tensor(name: string, type: ElementType, dims: readonly number[], pieces: Pieces): Promise<string> {
		this.#claim(name);
		const bytes = dims.reduce((product, dim) => product * dim, elementBytes[type]);
		const {length, place} = bytes < externalBytes ? await placeInside(pieces) : await this.#placeOutside(pieces);
		if (length !== bytes) throw new Error(`Expected ${bytes} bytes for ${name}, got ${length}.`);
		this.#initializers.push(
			create(TensorProtoSchema, {name, dataType: elementCode[type], dims: dims.map(BigInt), ...place}),
		);
		return name;
	}

	/** The graph as the bytes of an `.onnx` file. */
	toBytes(): Uint8Array {
		const graph = create(GraphProtoSchema, {
			name: this.name,
			node: this.#nodes,
			initializer: this.#initializers,
			input: this.#inputs,
			output: this.#outputs,
		});
		return toBinary(
			ModelProtoSchema,
			create(ModelProtoSchema, {irVersion, producerName: 'pi-caption', graph, opsetImport: opsets}),
		);
	}

	/** Writes the graph to `file`, which must not exist and must lie beside the weights file, and syncs it. */
	async write(file: string): Promise<void> {
		const handle = await open(file, 'wx');
		try {
			await handle.writeFile(this.toBytes());
			await handle.sync();
		} finally {
			await handle.close();
		}
	}

	async #placeOutside(pieces: Pieces): Promise<Placed> {
		const {location, offset, length} = await this.weights.append(pieces);
		const externalData = Object.entries({location, offset, length}).map(([key, value]) => ({
			key,
			value: String(value),
		}));
		return {length, place: {dataLocation: DataLocation.EXTERNAL, externalData}};
	}

	#inline(type: ElementType, rawData: Uint8Array, dims: readonly number[]): string {
		const name = this.#freshName('constant');
		this.#claim(name);
		this.#initializers.push(
			create(TensorProtoSchema, {name, dataType: elementCode[type], dims: dims.map(BigInt), rawData}),
		);
		return name;
	}

	#freshName(stem: string): string {
		return `${stem}.${this.#nodes.length}.${this.#initializers.length}`;
	}

	/** A graph in which a name means two things is silently wrong in some readers. */
	#claim(name: string): void {
		if (this.#names.has(name)) throw new Error(`Two values of the graph ${this.name} are called ${name}.`);
		this.#names.add(name);
	}
}

/** In the weights file a tensor takes up whole alignments of 64 KiB: what is smaller would be mostly padding there. */
const externalBytes = 65_536;

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bytes of a tensor, and the fields that say where they are. */
type Placed = {length: number; place: MessageInitShape<typeof TensorProtoSchema>};

async function placeInside(pieces: Pieces): Promise<Placed> {
	const parts: Uint8Array[] = [];
	for await (const piece of pieces) parts.push(piece);
	const rawData = Buffer.concat(parts);
	return {length: rawData.length, place: {rawData}};
}

const elementBytes: Record<ElementType, number> = {float: 4, double: 8, uint8: 1, int64: 8, bfloat16: 2};

/** The bytes of a typed array, shared with it (little-endian, like every platform that Node and ONNX Runtime share). */
export const bytesOf = (values: ArrayBufferView): Uint8Array =>
	new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function valueInfo(name: string, type: ValueType, dims: readonly Dim[]): ValueInfoProto {
	const shape = {
		dim: dims.map(dim => ({
			value:
				typeof dim === 'number'
					? {case: 'dimValue' as const, value: BigInt(dim)}
					: {case: 'dimParam' as const, value: dim},
		})),
	};
	return create(ValueInfoProtoSchema, {
		name,
		type: {value: {case: 'tensorType', value: {elemType: type === 'bool' ? DataType.BOOL : elementCode[type], shape}}},
	});
}

function attribute(name: string, value: Attribute): AttributeProto {
	if (typeof value === 'number') {
		return create(AttributeProtoSchema, {name, type: AttributeType.INT, i: BigInt(value)});
	}
	if (typeof value === 'string') {
		return create(AttributeProtoSchema, {name, type: AttributeType.STRING, s: new TextEncoder().encode(value)});
	}
	if ('float' in value) return create(AttributeProtoSchema, {name, type: AttributeType.FLOAT, f: value.float});
	return create(AttributeProtoSchema, {name, type: AttributeType.INTS, ints: value.map(BigInt)});
}

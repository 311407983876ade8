import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernel, type Heap } from "./heap.ts";

type Info = tf.backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];

interface Attrs {
  strides: [number, number] | number;
  dilations?: [number, number] | number;
  pad: "valid" | "same" | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  dataFormat?: string;
}

/** How x, filter and y of a convolution lie to each other. NHWC only, as in all of tfjs's WASM backend. */
function geometry(x: readonly number[], filter: readonly number[], { strides, dilations, pad, dimRoundingMode, dataFormat }: Attrs, depthwise = false): Info {
  if (dataFormat !== undefined && dataFormat !== "NHWC") throw new Error(`convolution: images are NHWC here, not ${dataFormat}`);
  return tf.backend_util.computeConv2DInfo(x as Shape4, filter as Shape4, strides, dilations ?? 1, pad, dimRoundingMode, depthwise);
}

const image = (info: Info): number[] => [info.batchSize, info.inHeight, info.inWidth, info.inChannels];
const strides = (info: Info): number[] => [info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth];
const place = (info: Info): number[] => [info.padInfo.top, info.padInfo.left, info.outHeight, info.outWidth];

/** With fewer channels XNNPACK's own kernels are ahead of patches, whose lines are then too short to copy fast. */
const LEAST_CHANNELS = 4;

/**
 * Forward convolutions. tfjs 4.22 computes garbage for "same" padding where a stride is longer than the filter's side
 * (it lets XNNPACK find the padding, which it gets wrong there), so the padding is always given in numbers.
 */
export function registerConvolutions({ kernels, address, output, scratch }: Heap): void {
  for (const kernelName of [tf.Conv2D, tf.DepthwiseConv2dNative, tf.FusedConv2D, tf.FusedDepthwiseConv2D]) {
    const general = tf.getKernel(kernelName, "wasm")!;
    const depthwise = kernelName === tf.DepthwiseConv2dNative || kernelName === tf.FusedDepthwiseConv2D;
    registerWasmKernel(kernelName, (args) => {
      const { x, filter } = args.inputs;
      const attrs = args.attrs as unknown as Attrs;
      const info = geometry(x!.shape, filter!.shape, attrs, depthwise);
      if (kernelName === tf.Conv2D && info.inChannels >= LEAST_CHANNELS && info.dilationHeight === 1 && info.dilationWidth === 1) {
        const y = output(info.outShape);
        const patch = info.filterHeight * info.filterWidth * info.inChannels;
        kernels.convolution(address(x!), address(filter!), address(y), ...image(info), ...strides(info), ...place(info), info.outChannels, scratch(kernels.convolutionScratchBytes(patch)));
        return y;
      }
      const { top, bottom, left, right } = info.padInfo;
      const pad = attrs.pad === "same" ? [[0, 0], [top, bottom], [left, right], [0, 0]] : attrs.pad;
      return general.kernelFunc({ ...args, attrs: { ...attrs, pad } } as never) as tf.TensorInfo;
    });
  }
}

/** Gradients of dense convolutions as matrix products over patches; none is dilated (tfjs has no gradient for that). */
export function registerConvolutionGradients({ kernels, address, output, scratch }: Heap): void {
  const common = (info: Info) => {
    const patch = info.filterHeight * info.filterWidth * info.inChannels;
    return [...image(info), ...strides(info), ...place(info), info.outChannels, scratch(kernels.convolutionScratchBytes(patch))];
  };

  registerWasmKernel(tf.Conv2DBackpropFilter, ({ inputs, attrs }) => {
    const { x, dy } = inputs;
    const filterShape = attrs["filterShape"] as Shape4;
    const dw = output(filterShape);
    kernels.convolutionGradFilter(address(x!), address(dy!), address(dw), ...common(geometry(x!.shape, filterShape, attrs as unknown as Attrs)));
    return dw;
  });

  registerWasmKernel(tf.Conv2DBackpropInput, ({ inputs, attrs }) => {
    const { dy, filter } = inputs;
    const inputShape = attrs["inputShape"] as Shape4;
    const dx = output(inputShape);
    kernels.convolutionGradInput(address(dy!), address(filter!), address(dx), ...common(geometry(inputShape, filter!.shape, attrs as unknown as Attrs)));
    return dx;
  });
}

export function registerDepthwiseGradients({ kernels, address, output }: Heap): void {
  const common = (info: Info) => [
    ...image(info),
    info.outChannels / info.inChannels,
    ...strides(info),
    info.dilationHeight,
    info.dilationWidth,
    ...place(info),
  ];

  registerWasmKernel(tf.DepthwiseConv2dNativeBackpropFilter, ({ inputs, attrs }) => {
    const { x, dy } = inputs;
    const filterShape = attrs["filterShape"] as Shape4;
    const dw = output(filterShape);
    kernels.depthwiseGrad(1, address(x!), address(dy!), address(dw), ...common(geometry(x!.shape, filterShape, attrs as unknown as Attrs, true)));
    return dw;
  });

  registerWasmKernel(tf.DepthwiseConv2dNativeBackpropInput, ({ inputs, attrs }) => {
    const { dy, filter } = inputs;
    const inputShape = attrs["inputShape"] as Shape4;
    const dx = output(inputShape);
    kernels.depthwiseGrad(0, address(filter!), address(dy!), address(dx), ...common(geometry(inputShape, filter!.shape, attrs as unknown as Attrs, true)));
    return dx;
  });
}

/** tfjs's own MaxPoolGrad asks, for every input, all windows that hold it. */
export function registerPoolGradient({ kernels, address, output }: Heap): void {
  registerWasmKernel(tf.MaxPoolGrad, ({ inputs, attrs }) => {
    const { dy, input } = inputs;
    const { filterSize, strides: steps, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolGradAttrs;
    const info = tf.backend_util.computePool2DInfo(input!.shape as Shape4, filterSize, steps, 1, pad, dimRoundingMode);
    const dx = output(input!.shape);
    kernels.maxPoolGrad(address(input!), address(dy!), address(dx), ...image(info), ...strides(info), ...place(info));
    return dx;
  });
}

import * as tf from "@tensorflow/tfjs-core";

type Padding = [[number, number], [number, number], [number, number], [number, number]];

/**
 * Convolution gradients for tfjs-backend-wasm 4.22 without SIMD, where our own kernels (`wasm/`) do not run, put together
 * from kernels that run on XNNPACK: the one it lacks, and the one it has as plain loops. Each is checked against tfjs-backend-cpu over random shapes in gradients.test.ts.
 */
export function registerGradientKernels(backendName: string): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, backendName)) return;
  tf.registerKernel({ kernelName: tf.Conv2DBackpropFilter, backendName, kernelFunc: conv2DBackpropFilter as unknown as tf.KernelFunc });

  const loops = tf.getKernel(tf.Conv2DBackpropInput, backendName);
  if (!loops) return;
  tf.unregisterKernel(tf.Conv2DBackpropInput, backendName);
  tf.registerKernel({ ...loops, kernelFunc: ((args: InputArgs) => conv2DBackpropInput(args) ?? loops.kernelFunc(args as never)) as unknown as tf.KernelFunc });
}

/**
 * The filter's gradient is itself a convolution:
 * dW[i, j, c, k] = Σ over n, y, x of X[n, y·s + i, x·s + j, c] · dY[n, y, x, k],
 * with channels of X as the batch, the batch as the channels, dY as the filter, and strides as dilations.
 */
function conv2DBackpropFilter({ inputs, attrs }: { inputs: tf.Conv2DBackpropFilterInputs; attrs: tf.Conv2DBackpropFilterAttrs }): tf.Tensor {
  const x = inputs.x as tf.Tensor4D;
  const dy = inputs.dy as tf.Tensor4D;
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  if (dataFormat !== "NHWC") throw new Error(`Conv2DBackpropFilter: images are NHWC here, not ${dataFormat}`);
  const { padInfo, strideHeight, strideWidth } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  return tf.tidy(() => {
    const images = tf.transpose(x, [3, 1, 2, 0]) as tf.Tensor4D;
    const filter = tf.transpose(dy, [1, 2, 0, 3]) as tf.Tensor4D;
    const padding: Padding = [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]];
    const full = tf.conv2d(images, filter, 1, padding, "NHWC", [strideHeight, strideWidth]);
    // Rows and columns that no stride reached give taps beyond the filter's edge.
    const [rows, columns, channels, outputs] = filterShape;
    const taps = full.shape[1] === rows && full.shape[2] === columns ? full : tf.slice(full, [0, 0, 0, 0], [channels, rows, columns, outputs]);
    return tf.transpose(taps, [1, 2, 0, 3]);
  });
}

interface InputArgs {
  inputs: tf.Conv2DBackpropInputInputs;
  attrs: tf.Conv2DBackpropInputAttrs;
}

/**
 * The input's gradient is the convolution of dY, spread out by the strides with zeros between, with the filter turned
 * by half a circle and its channels swapped. Null where the padding is wider than the filter: that is left to the loops.
 */
function conv2DBackpropInput({ inputs, attrs }: InputArgs): tf.Tensor | null {
  const dy = inputs.dy as tf.Tensor4D;
  const filter = inputs.filter as tf.Tensor4D;
  const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs;
  if (dataFormat !== "NHWC") return null;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad, dimRoundingMode);
  const { strideHeight, strideWidth, filterHeight, filterWidth, inHeight, inWidth, outHeight, outWidth, outChannels, batchSize } = info;
  const top = filterHeight - 1 - info.padInfo.top;
  const left = filterWidth - 1 - info.padInfo.left;
  const bottom = inHeight - outHeight * strideHeight - top + filterHeight - 1;
  const right = inWidth - outWidth * strideWidth - left + filterWidth - 1;
  if (Math.min(top, left, bottom, right) < 0) return null;
  return tf.tidy(() => {
    const spread =
      strideHeight === 1 && strideWidth === 1
        ? dy
        : tf.reshape(
            tf.pad(tf.reshape(dy, [batchSize, outHeight, 1, outWidth, outChannels]), [[0, 0], [0, 0], [0, strideHeight - 1], [0, 0], [0, outChannels * (strideWidth - 1)]]),
            [batchSize, outHeight * strideHeight, outWidth * strideWidth, outChannels],
          );
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
    return tf.conv2d(spread as tf.Tensor4D, turned, 1, [[0, 0], [top, bottom], [left, right], [0, 0]]);
  });
}

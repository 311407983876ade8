// The learning kernels, one module. It works in place on the heap of tfjs's WASM backend, whose memory it imports; so
// it has no heap and no static data of its own, and every address it uses is given to it. Addresses count bytes, lengths
// and strides count float32 values, images are NHWC.
export * from "./learn-attention";
export * from "./learn-convolution";
export * from "./learn-depthwise";
export * from "./learn-elementwise";
export * from "./learn-loss";
export * from "./learn-matmul";
export * from "./learn-norm";
export * from "./learn-pool";
export * from "./learn-reduce";

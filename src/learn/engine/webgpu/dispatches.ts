/** Counts what is dispatched on a device, by whichever kernel. */
export interface Dispatches {
  /** Dispatches since the device was taken. */
  count(): number;
}

export function countDispatches(device: GPUDevice): Dispatches {
  let dispatches = 0;
  const createEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const beginPass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginPass(passDescriptor);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (x, y, z) => {
        dispatches += 1;
        dispatch(x, y, z);
      };
      return pass;
    };
    return encoder;
  };
  return { count: () => dispatches };
}

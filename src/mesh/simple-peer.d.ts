// The browser build of simple-peer; the package's main file wants Node's own modules.
declare module "simple-peer/simplepeer.min.js" {
  import SimplePeer from "simple-peer";
  export default SimplePeer;
}

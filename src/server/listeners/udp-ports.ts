import type { Logger } from 'pino';
import { UdpPortPool } from '../../session/net/udp-port-pool.ts';
import type { ServerConfig } from '../config/server-config.ts';

/** The UDP ports of the whole server: RTSP, relays and GB28181 take theirs here. */
export function createUdpPorts({ rtsp }: ServerConfig, logger: Logger): UdpPortPool {
  return new UdpPortPool({
    minPort: rtsp.udp_port_min,
    maxPort: rtsp.udp_port_max,
    onReceiveBufferCapped: ({ message }) => logger.warn(message),
  });
}

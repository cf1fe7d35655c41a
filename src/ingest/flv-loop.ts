import { FlvDemuxer } from '../container/flv/flv-demuxer.ts';
import { FLV_TAG_TYPE, type FlvTag } from '../container/flv/flv-types.ts';

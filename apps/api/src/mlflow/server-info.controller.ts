import { DirectArtifacts } from '@app/artifacts';
import { Controller, Get } from '@nestjs/common';
import { Open } from '../http/requires.js';

/** What MLflow's client asks before it sends or gets large files, and its pages when they start. */
@Controller('api/3.0/mlflow/server-info')
export class ServerInfoController {
  constructor(private readonly transfers: DirectArtifacts) {}

  @Open('what this service can do is the same for everybody')
  @Get()
  get() {
    const isDirect = this.transfers.isOffered;
    return {
      store_type: 'SqlStore',
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: isDirect,
      multipart_downloads_enabled: isDirect,
      presigned_upload_run_id_supported: false,
      presigned_upload_model_id_supported: false,
      features_enabled: { gateway: false },
    };
  }
}

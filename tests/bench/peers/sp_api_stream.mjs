// amazon-sp-api's `downloadStream`, which its documentation recommends for very extensive reports, and the
// AWS SDK's upload of streams.

import { work } from './worker.mjs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { client, details } from './sp_api.mjs';

const s3 = new S3Client({ forcePathStyle: true });

await work(async () => {
  const stream = await client.downloadStream(await details());
  await new Upload({ client: s3, params: { Bucket: 'reports', Key: 'amazon-sp-api', Body: stream } }).done();
});

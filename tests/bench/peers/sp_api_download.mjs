// amazon-sp-api's `download` and the AWS SDK, in the way their documentation shows.

import { work } from './worker.mjs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { client, details } from './sp_api.mjs';

const s3 = new S3Client({ forcePathStyle: true });

await work(async () => {
  const report = await client.download(await details());
  await s3.send(new PutObjectCommand({ Bucket: 'reports', Key: 'amazon-sp-api', Body: report }));
});

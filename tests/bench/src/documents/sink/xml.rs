//! S3's XML, as much as the SDKs read of it.

use std::collections::BTreeMap;

use super::bucket::{Part, Taken, shown};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// `/bucket/key`, taken apart.
pub fn bucket_and_key(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

pub fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>")
}

pub fn initiated(bucket: &str, key: &str, upload: &str) -> String {
    document(
        "InitiateMultipartUploadResult",
        &format!("<Bucket>{bucket}</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId>"),
    )
}

pub fn completed(bucket: &str, key: &str, taken: &Taken) -> String {
    document(
        "CompleteMultipartUploadResult",
        &format!(
            "<Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{}</ETag>\
             <ChecksumCRC64NVME>{}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>",
            taken.entity_tag, taken.checksum
        ),
    )
}

pub fn parts(bucket: &str, key: &str, upload: &str, parts: &BTreeMap<u32, Part>) -> String {
    let mut content = format!(
        "<Bucket>{bucket}</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId><IsTruncated>false</IsTruncated>"
    );
    for (number, part) in parts {
        let checksum = shown(part.body.checksum);
        content.push_str(&format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag><Size>{}</Size>\
             <ChecksumCRC64NVME>{checksum}</ChecksumCRC64NVME></Part>",
            part.entity_tag, part.body.bytes
        ));
    }
    document("ListPartsResult", &content)
}

pub fn uploads<'a>(bucket: &str, uploads: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut content = format!("<Bucket>{bucket}</Bucket><IsTruncated>false</IsTruncated>");
    for (key, upload) in uploads {
        content.push_str(&format!(
            "<Upload><Key>{key}</Key><UploadId>{upload}</UploadId></Upload>"
        ));
    }
    document("ListMultipartUploadsResult", &content)
}

/// The numbers in a CompleteMultipartUpload, in their order.
pub fn part_numbers(xml: &str) -> Vec<u32> {
    xml.split("<PartNumber>")
        .skip(1)
        .filter_map(|rest| rest.split_once('<')?.0.trim().parse().ok())
        .collect()
}

fn document(name: &str, content: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NAMESPACE}\">{content}</{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_read_in_their_order() {
        let xml = "<CompleteMultipartUpload><Part><ETag>\"a\"</ETag><PartNumber>1</PartNumber></Part>\
            <Part><PartNumber>12</PartNumber><ETag>\"b\"</ETag></Part></CompleteMultipartUpload>";
        assert_eq!(part_numbers(xml), [1, 12]);
        assert_eq!(
            bucket_and_key("/reports/SellerId=A/x.txt"),
            ("reports", "SellerId=A/x.txt")
        );
        assert_eq!(bucket_and_key("/reports"), ("reports", ""));
    }
}

//! SDKs: which kinds there are, and what each wants to be told.

use super::address::AtStage;
use super::{missing, stages};
use crate::Management;
use crate::paging::{Page, Paging};
use crate::wire::{Failure, Part};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(crate) struct AtSdkType {
    sdktype_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtSdk {
    sdk_type: String,
}

impl Part for AtSdkType {}
impl Part for AtSdk {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SdkType {
    id: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    configuration_properties: &'static [Property],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Property {
    name: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<&'static str>,
}

const fn required(
    name: &'static str,
    friendly_name: &'static str,
    description: &'static str,
) -> Property {
    Property {
        name,
        friendly_name,
        description,
        required: true,
        default_value: None,
    }
}

const fn optional(
    name: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    default_value: Option<&'static str>,
) -> Property {
    Property {
        name,
        friendly_name,
        description,
        required: false,
        default_value,
    }
}

const PREFIX: &[Property] = &[required(
    "classPrefix",
    "Prefix",
    "What the names of all classes begin with",
)];

static TYPES: [SdkType; 6] = [
    SdkType {
        id: "android",
        friendly_name: "Android",
        description: "A library for Android",
        configuration_properties: &[
            required("groupId", "Group ID", "The Maven group of the library"),
            required(
                "invokerPackage",
                "Invoker package",
                "The Java package of the library's classes",
            ),
            required(
                "artifactId",
                "Artifact ID",
                "The Maven artifact of the library",
            ),
            required(
                "artifactVersion",
                "Artifact version",
                "The Maven version of the library",
            ),
        ],
    },
    SdkType {
        id: "java",
        friendly_name: "Java SDK",
        description: "A client for Java",
        configuration_properties: &[
            required(
                "service.name",
                "Service Name",
                "What the names of the client and its exceptions begin with",
            ),
            required(
                "java.package-name",
                "Java Package Name",
                "The package of the client's classes",
            ),
            optional(
                "java.build-system",
                "Java Build System",
                "What builds the client: maven or gradle",
                Some("maven"),
            ),
            optional(
                "java.group-id",
                "Java Group Id",
                "The Maven group of the client; the package where it is not given",
                None,
            ),
            optional(
                "java.artifact-id",
                "Java Artifact Id",
                "The Maven artifact of the client; the service's name where it is not given",
                None,
            ),
            optional(
                "java.artifact-version",
                "Java Artifact Version",
                "The Maven version of the client",
                Some("1.0-SNAPSHOT"),
            ),
            optional(
                "java.license-text",
                "Source Code License Text",
                "The licence that every source file begins with",
                None,
            ),
        ],
    },
    SdkType {
        id: "javascript",
        friendly_name: "JavaScript",
        description: "A client for browsers",
        configuration_properties: &[],
    },
    SdkType {
        id: "objectivec",
        friendly_name: "iOS (Objective-C)",
        description: "A client for iOS in Objective-C",
        configuration_properties: PREFIX,
    },
    SdkType {
        id: "ruby",
        friendly_name: "Ruby SDK",
        description: "A gem",
        configuration_properties: &[
            required(
                "service.name",
                "Service Name",
                "The module of the client; letters only",
            ),
            optional(
                "ruby.gem-name",
                "Ruby Gem Name",
                "The gem; the service's name in lower case with -sdk where it is not given",
                None,
            ),
            optional(
                "ruby.gem-version",
                "Ruby Gem Version",
                "The version of the gem",
                Some("1.0.0"),
            ),
        ],
    },
    SdkType {
        id: "swift",
        friendly_name: "iOS (Swift)",
        description: "A client for iOS in Swift",
        configuration_properties: PREFIX,
    },
];

pub(crate) async fn list(_: &Management, _: &Paging) -> Result<Page<&'static SdkType>, Failure> {
    Ok(Page::whole(TYPES.iter().collect()))
}

pub(crate) async fn get(_: &Management, at: &AtSdkType) -> Result<&'static SdkType, Failure> {
    find(&at.sdktype_id).ok_or_else(missing::sdk_type)
}

fn find(id: &str) -> Option<&'static SdkType> {
    TYPES.iter().find(|known| known.id == id)
}

/// None is generated yet, which a client is told once everything else about its request is well.
pub(crate) async fn generate(
    service: &Management,
    (at, sdk): &(AtStage, AtSdk),
) -> Result<(), Failure> {
    stages::get(service, at).await?;
    let kind = find(&sdk.sdk_type).ok_or_else(|| {
        let names: Vec<_> = TYPES.iter().map(|known| known.id).collect();
        Failure::bad_request(format!(
            "Invalid SDK type specified: {}. Valid options are {}",
            sdk.sdk_type,
            names.join(",")
        ))
    })?;
    Err(Failure::bad_request(format!(
        "SDKs of type {} cannot be generated by this version. Export the API as OpenAPI and generate a client from that.",
        kind.id
    )))
}

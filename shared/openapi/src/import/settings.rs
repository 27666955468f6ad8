//! What a document says about the API as a whole.

use super::{Importer, Mentions};
use crate::document::{Kind, Node};
use crate::tree::Tree;
use postern_definition::rest::{ApiKeySource, IpAddressType, RestApi};

const COMPRESSION_MAX: i64 = 10_485_760;

impl<'a> Importer<'a> {
    pub(super) fn settings(&self) -> (RestApi, Mentions) {
        let root = self.root;
        let mut mentions = Mentions::default();
        let info = self.object(root, "info");
        let title = info
            .and_then(|info| self.text(info, "title"))
            .filter(|title| !title.is_empty());
        if title.is_none() {
            self.report.wrong(
                info.unwrap_or(root),
                "`info.title` is missing: it becomes the API's name",
            );
        }
        let mut api = self.new_api(title.unwrap_or_default());
        if let Some(info) = info {
            api.description = self
                .text(info, "description")
                .filter(|text| !text.is_empty());
            // An export without a version shows when the stage was deployed, which is none.
            api.version = self
                .text(info, "version")
                .filter(|version| !version.is_empty() && !is_date_time(version));
        }
        api.binary_media_types = self
            .texts(root, "x-amazon-apigateway-binary-media-types")
            .unwrap_or_default();
        api.minimum_compression_size = self.compression(root);
        if let Some(source) = self.text(root, "x-amazon-apigateway-api-key-source") {
            match source.to_ascii_uppercase().as_str() {
                "HEADER" => api.api_key_source = ApiKeySource::Header,
                "AUTHORIZER" => api.api_key_source = ApiKeySource::Authorizer,
                _ => self.report.wrong(
                    root.peek("x-amazon-apigateway-api-key-source")
                        .unwrap_or(root),
                    format!("an API key's source is HEADER or AUTHORIZER, and not `{source}`"),
                ),
            }
            mentions.api_key_source = true;
        }
        api.policy = self.policy(root);
        api.security_policy = self.text(root, "x-amazon-apigateway-security-policy");
        api.endpoint_access_mode = self.text(root, "x-amazon-apigateway-endpoint-access-mode");
        self.endpoint(root, &mut api, &mut mentions);
        if !self.is_swagger {
            for server in self.list(root, "servers").into_iter().flat_map(Node::items) {
                self.endpoint(server, &mut api, &mut mentions);
            }
        }
        if let Some(version) = root.get("x-amazon-apigateway-importexport-version")
            && version.scalar_text().as_deref() != Some("1.0")
        {
            self.report.note(
                version,
                "the version of imports and exports is 1.0; this one is taken as such",
            );
        }
        (api, mentions)
    }

    fn compression(&self, root: Node<'a>) -> Option<u32> {
        let name = "x-amazon-apigateway-minimum-compression-size";
        let size = self.integer(root, name)?;
        if (0..=COMPRESSION_MAX).contains(&size) {
            return u32::try_from(size).ok();
        }
        self.report.error(
            root.peek(name).unwrap_or(root),
            "Invalid minimum compression size, must be between 0 and 10485760",
        );
        None
    }

    /// The policy without white space, as it is kept. `execute-api:/` stands for this API.
    fn policy(&self, root: Node<'a>) -> Option<String> {
        let policy = root.get("x-amazon-apigateway-policy")?.whole();
        let text = match policy.kind() {
            Kind::Null => return None,
            Kind::Object => Tree::of(policy).to_compact_json(),
            Kind::Text => policy.text().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let statement = policy.peek("Statement").map(Node::kind);
        if policy.kind() == Kind::Text || matches!(statement, Some(Kind::List | Kind::Object)) {
            let options = self.options;
            let arn = format!(
                "\"arn:{}:execute-api:{}:{}:{}/",
                options.partition, options.region, options.account, options.api_id
            );
            return Some(text.replace("\"execute-api:/", &arn));
        }
        self.report.error(
            policy,
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
        );
        None
    }

    fn endpoint(&self, owner: Node<'a>, api: &mut RestApi, mentions: &mut Mentions) {
        let name = "x-amazon-apigateway-endpoint-configuration";
        let Some(endpoint) = self.object(owner, name) else {
            return;
        };
        if let Some(disable) = self.boolean(endpoint, "disableExecuteApiEndpoint") {
            api.disable_execute_api_endpoint = disable;
            mentions.disable_execute_api_endpoint = true;
        }
        if let Some(ids) = self.texts(endpoint, "vpcEndpointIds") {
            api.endpoint_configuration.vpc_endpoint_ids = ids;
            mentions.vpc_endpoint_ids = true;
        }
        match self.text(endpoint, "ipAddressType").as_deref() {
            None => {}
            Some("ipv4") => api.endpoint_configuration.ip_address_type = IpAddressType::Ipv4,
            Some("dualstack") => {
                api.endpoint_configuration.ip_address_type = IpAddressType::Dualstack;
            }
            Some(_) => self
                .report
                .error(endpoint, "ipAddressType must be either ipv4 or dualstack."),
        }
    }
}

/// Such as `2017-04-20T04:08:08Z`.
pub(super) fn is_date_time(version: &str) -> bool {
    let shape: String = version
        .chars()
        .take(11)
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T" && version.ends_with('Z')
}

//! What an importer is told beside the document.

use crate::document::Limits;
use postern_definition::ApiId;
use postern_definition::rest::{EndpointType, Integration, IpAddressType, Method};

/// What becomes of a document's base path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasePath {
    #[default]
    Ignore,
    /// It becomes resources above those of the paths.
    Prepend,
    /// As `Prepend`, but its first segment is left to a stage or a domain name.
    Split,
}

pub struct Options<'a> {
    /// References from model to model name the API.
    pub api_id: ApiId,
    /// Seconds since 1970.
    pub created_date: i64,
    pub account: String,
    pub region: String,
    pub partition: String,
    pub endpoint_type: EndpointType,
    pub ip_address_type: Option<IpAddressType>,
    pub base_path: BasePath,
    /// Make no documentation parts.
    pub ignore_documentation: bool,
    pub limits: Limits,
    /// A new id of that many letters and digits.
    pub id: &'a dyn Fn(usize) -> String,
    /// Rules of which this library knows nothing; they say why they refuse, in the service's words.
    pub check_integration: &'a dyn Fn(&Integration) -> Result<(), String>,
    pub check_method: &'a dyn Fn(&Method) -> Result<(), String>,
}

impl<'a> Options<'a> {
    pub fn new(api_id: ApiId, id: &'a dyn Fn(usize) -> String) -> Self {
        Self {
            api_id,
            created_date: 0,
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
            endpoint_type: EndpointType::Edge,
            ip_address_type: None,
            base_path: BasePath::default(),
            ignore_documentation: false,
            limits: Limits::default(),
            id,
            check_integration: &|_| Ok(()),
            check_method: &|_| Ok(()),
        }
    }

    /// Takes one of the query's parameters, such as `basepath=prepend`. One that an import does not know is left alone, as the
    /// service does; a value that its parameter does not know is refused.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match (name, value) {
            ("ignore", "documentation") => self.ignore_documentation = true,
            ("basepath", "ignore") => self.base_path = BasePath::Ignore,
            ("basepath", "prepend") => self.base_path = BasePath::Prepend,
            ("basepath", "split") => self.base_path = BasePath::Split,
            ("endpointConfigurationTypes", "EDGE") => self.endpoint_type = EndpointType::Edge,
            ("endpointConfigurationTypes", "REGIONAL") => {
                self.endpoint_type = EndpointType::Regional;
            }
            ("endpointConfigurationTypes", "PRIVATE") => self.endpoint_type = EndpointType::Private,
            ("ipAddressType", "ipv4") => self.ip_address_type = Some(IpAddressType::Ipv4),
            ("ipAddressType", "dualstack") => self.ip_address_type = Some(IpAddressType::Dualstack),
            ("ignore", _) => return Err(choices(name, value, "documentation")),
            ("basepath", _) => return Err(choices(name, value, "ignore, prepend, split")),
            ("endpointConfigurationTypes", _) => {
                return Err(choices(name, value, "EDGE, REGIONAL, PRIVATE"));
            }
            ("ipAddressType", _) => return Err(choices(name, value, "ipv4, dualstack")),
            _ => {}
        }
        Ok(())
    }
}

fn choices(name: &str, value: &str, choices: &str) -> String {
    format!("Invalid value '{value}' of the parameter {name}. Must be one of: [{choices}]")
}

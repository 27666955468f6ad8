//! Client certificates: made here, with a private key that only gateways read.

use super::{missing, tags};
use crate::Management;
use crate::definitions::{Change, Record};
use crate::ids;
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::rest::users::in_use;
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::{ClientCertificate, ClientCertificateKey};
use postern_plan::account::client_certificate_key_key;
use postern_store::{Key, decode};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use serde::Deserialize;
use time::OffsetDateTime;

const ALL: &str = "clientcertificates";
const DESCRIPTION_CHARS_MAX: usize = 1_024;
const VALID_SECONDS: i64 = 365 * 86_400;

pub(crate) fn client_certificate_key(id: &str) -> Key {
    Key::new(ALL, id)
}

impl Record for ClientCertificate {
    fn key(&self) -> Key {
        client_certificate_key(&self.client_certificate_id)
    }

    fn tags_mut(&mut self) -> &mut Map<String> {
        &mut self.tags
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct GenerateClientCertificate {
    description: Option<String>,
    tags: Option<Map<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtCertificate {
    clientcertificate_id: String,
}

impl Part for GenerateClientCertificate {}
impl Part for AtCertificate {}

static TABLE: Table<ClientCertificate> = Table {
    rows: &[Row::new("/description", REPLACE, |certificate, patch| {
        certificate.description = patch.optional();
        checked_description(certificate.description.as_deref())
    })],
    unknown: Unknown::Strict,
};

fn checked_description(description: Option<&str>) -> Result<(), Failure> {
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        return Err(Failure::bad_request(format!(
            "Invalid Client Certificate description, can be at most {DESCRIPTION_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

pub(crate) async fn generate(
    change: &mut Change<'_>,
    input: &GenerateClientCertificate,
) -> Result<ClientCertificate, Failure> {
    checked_description(input.description.as_deref())?;
    let tags = tags::given(input.tags.as_ref())?;
    change.grow(&limits::CLIENT_CERTIFICATES).await?;
    let id = ids::random(ids::SHORT);
    let created = change.service().now();
    let expires = created.saturating_add(VALID_SECONDS);
    let made = self_signed(created, expires).map_err(|error| {
        Failure::internal(format!("no client certificate could be made: {error}"))
    })?;
    let certificate = ClientCertificate {
        client_certificate_id: id,
        description: input.description.clone().filter(|text| !text.is_empty()),
        pem_encoded_certificate: made.pem_encoded_certificate.clone(),
        created_date: created,
        expiration_date: expires,
        tags,
    };
    change.create(&certificate);
    let key = client_certificate_key_key(&certificate.client_certificate_id);
    change.put(key, &made);
    Ok(certificate)
}

fn self_signed(from: i64, until: i64) -> Result<ClientCertificateKey, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Postern");
    name.push(DnType::CommonName, "ApiGateway");
    params.distinguished_name = name;
    params.not_before = OffsetDateTime::from_unix_timestamp(from)?;
    params.not_after = OffsetDateTime::from_unix_timestamp(until)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let pair = KeyPair::generate()?;
    Ok(ClientCertificateKey {
        pem_encoded_certificate: params.self_signed(&pair)?.pem(),
        pem_encoded_private_key: pair.serialize_pem(),
    })
}

pub(crate) async fn get(
    service: &Management,
    at: &AtCertificate,
) -> Result<ClientCertificate, Failure> {
    let key = client_certificate_key(&at.clientcertificate_id);
    let found = service.definitions().get(&key).await?;
    found.ok_or_else(missing::client_certificate)
}

pub(crate) async fn list(
    service: &Management,
    paging: &Paging,
) -> Result<Page<ClientCertificate>, Failure> {
    let page = paging.page(service.definitions(), ALL, "").await?;
    page.try_map(|item| Ok(decode(&item)?))
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    input: &Update<AtCertificate>,
) -> Result<ClientCertificate, Failure> {
    let key = client_certificate_key(&input.at.clientcertificate_id);
    let before: Option<ClientCertificate> = change.read(&key).await?;
    let before = before.ok_or_else(missing::client_certificate)?;
    let after = input.apply(&TABLE, &before)?;
    change.replace(&before, &after);
    Ok(after)
}

pub(crate) async fn delete(change: &mut Change<'_>, at: &AtCertificate) -> Result<(), Failure> {
    let id = &at.clientcertificate_id;
    let found: Option<ClientCertificate> = change.read(&client_certificate_key(id)).await?;
    let certificate = found.ok_or_else(missing::client_certificate)?;
    let stages = in_use(change, &certificate).await?;
    if !stages.is_empty() {
        return Err(Failure::bad_request(format!(
            "Cannot delete Client Certificate {id} because it is used by the API Stages {}",
            stages.join(", ")
        )));
    }
    change.remove(&certificate);
    change.delete(client_certificate_key_key(id));
    change.shrink(&limits::CLIENT_CERTIFICATES).await
}

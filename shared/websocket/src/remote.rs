//! Holders that are reached over the network, by their publish endpoints.

use crate::keys::is_of_fanout;
use crate::{Holders, Keys, PublishFailure, Reached, Tag};
use async_trait::async_trait;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use postern_gateway::{Backend, Body, Call, CallError, Clock, Destination};
use postern_grip::{Item, REACHED};
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Longer than it takes to find out that nobody answers a connection.
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);
const TOKEN_LIFETIME: Duration = Duration::from_mins(1);
/// What stands in a fleet's URL for the address.
const ADDRESS: &str = "{}";
/// Of one request. Pushpin takes a megabyte.
const PUBLISH_BYTES_MAX: usize = 900_000;
/// Of a holder's answer: it says little.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Who they are. As a setting: `NAME=URL` with commas between them. A holder is called what it calls itself in its signatures; a
/// fleet is a network, `10.0.0.0/16=http://{}:5561`, whose members call themselves by their addresses. A service of Fastly's Fanout
/// is `fastly:SERVICE=https://api.fastly.com/service/SERVICE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderList(Vec<Remote>);

/// Those of a list.
pub struct RemoteHolders {
    all: HolderList,
    backend: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    keys: Keys,
}

/// Why a setting names no holders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error(
        "`{0}` is not NAME=URL, such as pushpin=http://10.0.0.7:5561 or 10.0.0.0/16=http://{{}}:5561"
    )]
    Form(String),
    #[error(
        "`{0}` names a fleet by its addresses, so its URL has {{}} where each one's address goes"
    )]
    Placeholder(String),
    #[error("`{0}` is no network: it is an address, a slash and 8 to 32 bits")]
    Network(String),
    #[error("`{0}` and another holder have the same tag: call it by another name")]
    Same(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Remote {
    One {
        name: String,
        tag: Tag,
        url: String,
    },
    /// All whose name is an address of this network.
    Fleet {
        network: u32,
        mask: u32,
        url: String,
    },
}

impl Remote {
    fn parse(setting: &str) -> Result<Self, SettingError> {
        let form = || SettingError::Form(setting.to_owned());
        let (name, url) = setting.split_once('=').ok_or_else(form)?;
        let is_url = url.starts_with("http://") || url.starts_with("https://");
        if name.is_empty() || !is_url {
            return Err(form());
        }
        let url = url.trim_end_matches('/').to_owned();
        let Some((network, bits)) = name.split_once('/') else {
            return Ok(Self::One {
                name: name.to_owned(),
                tag: Tag::of(name),
                url,
            });
        };
        let wrong = || SettingError::Network(name.to_owned());
        let network: Ipv4Addr = network.parse().map_err(|_| wrong())?;
        let bits: u32 = bits.parse().map_err(|_| wrong())?;
        if !(8..=32).contains(&bits) {
            return Err(wrong());
        }
        if !url.contains(ADDRESS) {
            return Err(SettingError::Placeholder(setting.to_owned()));
        }
        let mask = u32::MAX << (32 - bits);
        Ok(Self::Fleet {
            network: network.to_bits() & mask,
            mask,
            url,
        })
    }

    fn is_of_fanout(&self) -> bool {
        matches!(self, Self::One { name, .. } if is_of_fanout(name))
    }

    fn is_called(&self, other: Tag) -> bool {
        matches!(self, Self::One { tag, .. } if *tag == other)
    }

    fn url(&self, holder: Tag) -> Option<String> {
        match self {
            Self::One { tag, url, .. } => (*tag == holder).then(|| url.clone()),
            Self::Fleet { network, mask, url } => {
                let address = holder.address()?;
                let is_of_it = address.to_bits() & mask == *network;
                is_of_it.then(|| url.replace(ADDRESS, &address.to_string()))
            }
        }
    }
}

impl FromStr for HolderList {
    type Err = SettingError;

    fn from_str(setting: &str) -> Result<Self, SettingError> {
        let mut all: Vec<Remote> = Vec::new();
        for one in setting.split(',') {
            let remote = Remote::parse(one.trim())?;
            if let Remote::One { name, tag, .. } = &remote
                && all.iter().any(|other| other.is_called(*tag))
            {
                return Err(SettingError::Same(name.clone()));
            }
            all.push(remote);
        }
        Ok(Self(all))
    }
}

impl HolderList {
    /// Whether to publish to some of them takes a token of Fastly's.
    pub fn has_fanout(&self) -> bool {
        self.0.iter().any(Remote::is_of_fanout)
    }
}

impl RemoteHolders {
    pub fn new(
        all: HolderList,
        keys: Keys,
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            all,
            backend,
            clock,
            keys,
        }
    }

    fn find(&self, holder: Tag) -> Option<Place> {
        self.all.0.iter().find_map(|remote| {
            Some(Place {
                url: remote.url(holder)?,
                is_of_fanout: remote.is_of_fanout(),
            })
        })
    }

    /// By what the holder knows us.
    fn authorization(&self, place: &Place) -> Result<HeaderValue, PublishFailure> {
        if place.is_of_fanout {
            let token = self.keys.fanout_token().cloned();
            return token.ok_or_else(|| failed(place, "there is no token of Fastly's".to_owned()));
        }
        let now = self.clock.now();
        let token = self.keys.first().sign("postern", now, TOKEN_LIFETIME);
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        value.map_err(|error| failed(place, error.to_string()))
    }
}

/// Where is published to a holder.
struct Place {
    url: String,
    is_of_fanout: bool,
}

#[async_trait]
impl Holders for RemoteHolders {
    fn tag(&self, name: &str) -> Option<Tag> {
        let tag = Tag::of(name);
        let is_known = self.all.0.iter().any(|remote| match remote {
            Remote::One { name: known, .. } => known == name,
            Remote::Fleet { .. } => remote.url(tag).is_some(),
        });
        is_known.then_some(tag)
    }

    async fn publish(&self, holder: Tag, items: Vec<Item>) -> Result<Reached, PublishFailure> {
        let place = self.find(holder).ok_or(PublishFailure::Unknown)?;
        let mut reached = Reached::Nobody;
        for items in split(items) {
            reached = self.publish_some(&place, &items).await?;
        }
        Ok(reached)
    }
}

impl RemoteHolders {
    async fn publish_some(&self, place: &Place, items: &[Item]) -> Result<Reached, PublishFailure> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, self.authorization(place)?);
        let call = Call {
            destination: Destination::url(format!("{}/publish/", place.url)),
            method: Method::POST,
            headers,
            body: Body::from(Item::write_all(items)),
            timeout: PUBLISH_WITHIN,
        };
        let answer = match self.backend.call(call).await {
            Ok(answer) => answer,
            // Where Fastly takes messages is not where it holds sockets.
            Err(CallError::Network(reason)) if !place.is_of_fanout => {
                let url = place.url.clone();
                return Err(PublishFailure::Gone { url, reason });
            }
            Err(error) => return Err(failed(place, error.to_string())),
        };
        let (head, body) = answer.into_parts();
        // Read to its end, so that the connection serves the next.
        let body = body.collect(ANSWER_BYTES_MAX).await.unwrap_or_default();
        if head.status != StatusCode::OK {
            let told = String::from_utf8_lossy(&body);
            return Err(failed(
                place,
                format!("{}: {}", head.status, told.trim_end()),
            ));
        }
        Ok(match head.headers.get(REACHED).map(HeaderValue::as_bytes) {
            None => Reached::Untold,
            Some(b"0") => Reached::Nobody,
            Some(_) => Reached::Somebody,
        })
    }
}

fn failed(place: &Place, reason: String) -> PublishFailure {
    let url = place.url.clone();
    PublishFailure::Failed { url, reason }
}

/// As few requests as holders take.
fn split(items: Vec<Item>) -> Vec<Vec<Item>> {
    if let [_] = items[..] {
        return vec![items];
    }
    let mut all: Vec<Vec<Item>> = Vec::new();
    let mut room = 0;
    for item in items {
        let bytes = Item::write_all(std::slice::from_ref(&item)).len();
        match all.last_mut() {
            Some(last) if bytes <= room => {
                room -= bytes;
                last.push(item);
            }
            _ => {
                room = PUBLISH_BYTES_MAX.saturating_sub(bytes);
                all.push(vec![item]);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_holder_is_a_name_or_a_network() {
        for (setting, name, url) in [
            ("pushpin=http://h:5561", "pushpin", Some("http://h:5561")),
            ("pushpin=http://h:5561/", "pushpin", Some("http://h:5561")),
            ("pushpin=http://h:5561", "other", None),
            (
                "10.1.0.0/16=http://{}:5561",
                "10.1.2.3",
                Some("http://10.1.2.3:5561"),
            ),
            ("10.1.0.0/16=http://{}:5561", "10.2.2.3", None),
            ("10.1.0.0/16=http://{}:5561", "pushpin", None),
            ("10.1.2.3=https://h", "10.1.2.3", Some("https://h")),
            (
                "10.1.2.3/32=https://{}",
                "10.1.2.3",
                Some("https://10.1.2.3"),
            ),
            (
                "fastly:svc=https://api.fastly.com/service/svc",
                "fastly:svc",
                Some("https://api.fastly.com/service/svc"),
            ),
        ] {
            let remote = Remote::parse(setting).unwrap();
            assert_eq!(remote.url(Tag::of(name)).as_deref(), url, "{setting}");
        }
    }

    /// Stands in for whoever takes what is published.
    #[derive(Default)]
    struct Standing {
        heard: Mutex<Vec<String>>,
        is_away: bool,
    }

    #[async_trait]
    impl Backend for Standing {
        async fn call(&self, call: Call) -> Result<http::Response<Body>, CallError> {
            if self.is_away {
                return Err(CallError::Network("refused".to_owned()));
            }
            let Destination::Url { url, .. } = call.destination else {
                unreachable!("holders are at URLs")
            };
            let authorization = call.headers[AUTHORIZATION].to_str().unwrap();
            let (scheme, token) = authorization.split_once(' ').unwrap();
            let kind = if token.contains('.') { "signed" } else { token };
            let body = call.body.collect(usize::MAX).await.unwrap();
            let text = String::from_utf8_lossy(&body);
            let told = format!("{} {url} {scheme} {kind} {text}", call.method);
            self.heard.lock().unwrap().push(told);
            // As Fastly and Pushpin answer.
            Ok(http::Response::new(Body::from("Published\n")))
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Duration {
            Duration::from_secs(1_000)
        }
    }

    #[tokio::test]
    async fn fanout_is_published_to_by_its_own_token_and_others_by_ours() {
        let list = "fastly:svc=https://api.fastly.com/service/svc,pushpin=http://h:5561";
        let list: HolderList = list.parse().unwrap();
        assert!(list.has_fanout());
        let keys: Keys = "0123456789abcdef".parse().unwrap();
        let item = || {
            vec![Item {
                channel: "c".to_owned(),
                action: postern_grip::Action::Text("hi".to_owned()),
            }]
        };
        let holders = |keys: Keys, is_away| {
            let standing = Arc::new(Standing {
                is_away,
                ..Standing::default()
            });
            let clock = Arc::new(Still);
            let all = RemoteHolders::new(list.clone(), keys, standing.clone(), clock);
            (all, standing)
        };
        let of = |name: &str| Tag::of(name);
        let body = String::from_utf8_lossy(&Item::write_all(&item())).into_owned();

        let (all, standing) = holders(keys.clone().with_fanout_token("secret"), false);
        assert_eq!(all.tag("fastly:svc"), Some(of("fastly:svc")));
        for name in ["fastly:other", "fastly", "fastly:"] {
            assert_eq!(all.tag(name), None, "{name}");
        }
        for name in ["fastly:svc", "pushpin"] {
            assert_eq!(all.publish(of(name), item()).await, Ok(Reached::Untold));
        }
        assert_eq!(
            *standing.heard.lock().unwrap(),
            [
                format!("POST https://api.fastly.com/service/svc/publish/ Bearer secret {body}"),
                format!("POST http://h:5561/publish/ Bearer signed {body}"),
            ]
        );
        // That Fastly cannot be reached does not end its sockets; a Pushpin that cannot has none.
        let (all, _) = holders(keys.clone().with_fanout_token("secret"), true);
        let failure = all.publish(of("fastly:svc"), item()).await;
        assert!(matches!(failure, Err(PublishFailure::Failed { .. })));
        let failure = all.publish(of("pushpin"), item()).await;
        assert!(matches!(failure, Err(PublishFailure::Gone { .. })));
        let (all, standing) = holders(keys, false);
        let failure = all.publish(of("fastly:svc"), item()).await;
        assert!(matches!(failure, Err(PublishFailure::Failed { .. })));
        assert!(standing.heard.lock().unwrap().is_empty());
    }

    #[test]
    fn what_is_published_is_split_where_it_must_be_and_stays_in_order() {
        let item = |bytes| Item {
            channel: "ch".to_owned(),
            action: postern_grip::Action::Text("x".repeat(bytes)),
        };
        for (lengths, expected) in [
            (vec![], vec![]),
            (vec![2_000_000], vec![1]),
            (vec![1, 2, 3], vec![3]),
            (vec![400_000, 400_000, 400_000], vec![2, 1]),
            (vec![1, 2_000_000, 1, 1], vec![1, 1, 2]),
        ] {
            let items: Vec<_> = lengths.into_iter().map(item).collect();
            let split = split(items.clone());
            let counts: Vec<_> = split.iter().map(Vec::len).collect();
            assert_eq!(counts, expected);
            assert_eq!(split.concat(), items);
        }
    }

    #[test]
    fn a_setting_that_is_none_says_what_one_is() {
        for (setting, expected) in [
            ("", "`` is not NAME=URL"),
            ("pushpin", "`pushpin` is not NAME=URL"),
            ("=http://h", "`=http://h` is not NAME=URL"),
            ("a=h:5561", "`a=h:5561` is not NAME=URL"),
            (
                "10.0.0.0/16=http://h",
                "`10.0.0.0/16=http://h` names a fleet",
            ),
            ("10.0.0.0/4=http://{}", "`10.0.0.0/4` is no network"),
            ("10.0.0/16=http://{}", "`10.0.0/16` is no network"),
            ("a=http://h,b=http://h,a=http://i", "`a` and another holder"),
        ] {
            let error = setting.parse::<HolderList>().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{setting}: {error}");
        }
    }
}

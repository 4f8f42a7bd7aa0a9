//! The image that the functions run in.

use std::{fmt, process, rc::Rc, time::Duration};

use crate::{
    engine::Engine,
    process::run_well,
    project::{self, FUNCTIONS, architecture, root},
};

/// How long a download may take before a stand-in is made.
const DOWNLOAD: Duration = Duration::from_mins(2);

/// An image of this process's own, removed when it is dropped.
pub struct Image {
    engine: Rc<Engine>,
    /// Its repository, which holds the image that SAM makes of it too.
    repository: String,
    pub name: String,
    pub is_stand_in: bool,
}

impl Image {
    /// Makes the image, with the address of the local AWS in it. SAM hands a function only the variables that the
    /// template declares for it, and on AWS nobody sets this one; so it is part of the machine, as it is part of the
    /// local AWS's own.
    pub fn make(engine: &Rc<Engine>, aws: &str) -> Result<Self, String> {
        let repository = format!("sluice-sam-local-{}", process::id());
        let mut image = Self {
            engine: Rc::clone(engine),
            name: format!("{repository}:{}", architecture()),
            repository,
            is_stand_in: false,
        };
        let base = image.base()?;
        // The command is never run; one is asked for.
        let container = engine.docker(&["create", &base, "none"])?;
        let setting = format!("ENV AWS_ENDPOINT_URL={aws}");
        let committed = engine.docker(&["commit", "--change", &setting, &container, &image.name]);
        engine.docker(&["rm", &container])?;
        committed.map(|_| image)
    }

    /// The image that SAM would take, or a stand-in.
    fn base(&mut self) -> Result<String, String> {
        let base = format!("public.ecr.aws/lambda/provided:al2023-{}", architecture());
        if self.engine.docker(&["image", "inspect", &base]).is_ok()
            || run_well(
                self.engine.command("docker").args(["pull", &base]),
                DOWNLOAD,
            )
            .is_ok()
        {
            return Ok(base);
        }
        self.is_stand_in = true;
        let stand_in = format!("{}:stand-in", self.repository);
        let bootstraps = FUNCTIONS.map(|(_, name)| project::bootstrap(name));
        run_well(
            self.engine
                .command(root().join("tests/sam_local/stand-in-image"))
                .arg(&stand_in)
                .args(bootstraps),
            Duration::from_mins(1),
        )?;
        Ok(stand_in)
    }

    /// The containers that were made of this image, or of what SAM made of it, and are still there.
    pub fn containers(&self) -> Vec<String> {
        let filter = format!("ancestor={}", self.name);
        self.lines(&["ps", "--all", "--quiet", "--filter", &filter])
    }

    /// This image, what it was made of if that is ours, and what SAM made of it.
    fn all(&self) -> Vec<String> {
        let format = "{{.Repository}}:{{.Tag}}";
        self.lines(&["images", &self.repository, "--format", format])
    }

    fn lines(&self, docker: &[&str]) -> Vec<String> {
        let output = self.engine.docker(docker).unwrap_or_default();
        output.lines().map(str::to_owned).collect()
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let remove = |how: &[&str], what: &[String]| {
            let what: Vec<_> = what.iter().map(String::as_str).collect();
            if !what.is_empty() {
                let _ = self.engine.docker(&[how, &what].concat());
            }
        };
        remove(&["rm", "--force"], &self.containers());
        remove(&["image", "rm", "--force"], &self.all());
    }
}
